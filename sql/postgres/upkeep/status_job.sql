-- One row is the newest run of the job.
-- grain: one row
SELECT *
FROM
    job_status;

"""What the services of docker-compose.yml run besides the parts themselves."""

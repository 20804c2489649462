-- The supervisor's and the catalogue's tables; a catalogue is replaced as a whole.
--   | 监管进程与商品目录的表；目录整体替换。
-- grain: one grant
GRANT INSERT, UPDATE, DELETE ON tally.products, tally.stock_policy, tally.warehouses, tally.history_days
    TO tally_writer;

-- Ends with an error when a yen was made or lost.
SELECT 1 / (CASE WHEN
    (SELECT SUM(posted) FROM tebura_bench_functions.account WHERE id <= :merchants)
        = (SELECT COALESCE(SUM(amount), 0) FROM tebura_bench_functions.transfer)
    AND (SELECT SUM(posted) FROM tebura_bench_functions.account) = :payers::bigint * :funds
    AND (SELECT SUM(held) FROM tebura_bench_functions.account)
        = (SELECT COALESCE(SUM(amount - captured), 0) FROM tebura_bench_functions.hold WHERE state = 'held')
THEN 1 ELSE 0 END);

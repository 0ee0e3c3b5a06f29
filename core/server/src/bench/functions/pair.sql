\set payer :merchants + random(1, :payers)
\set payee random(1, :merchants)
\set once random(1, 9000000000000000000)
SELECT tebura_bench_functions.place(:payer, :payee, 100, 'h' || :once) AS hold \gset
SELECT tebura_bench_functions.capture(:hold::uuid, 100, 'c' || :once);

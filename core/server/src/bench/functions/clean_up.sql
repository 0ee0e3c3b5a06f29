DROP SCHEMA IF EXISTS tebura_bench_functions CASCADE;

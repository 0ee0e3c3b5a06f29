-- What a payments team writes by hand: balances, holds, keys and transfers, and one function for each of the two writes.
-- Row locks keep balances right; a check keeps them above zero; a key is claimed in the same transaction.
CREATE SCHEMA tebura_bench_functions;

CREATE TABLE tebura_bench_functions.account (
    id bigint PRIMARY KEY,
    posted bigint NOT NULL,
    held bigint NOT NULL CHECK (held >= 0),
    CHECK (id <= :merchants OR posted >= held)
) WITH (fillfactor = 70);

CREATE TABLE tebura_bench_functions.hold (
    id uuid PRIMARY KEY,
    payer bigint NOT NULL,
    payee bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    captured bigint NOT NULL CHECK (captured <= amount),
    state text NOT NULL,
    created_at timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE tebura_bench_functions.idempotency_key (
    tenant bigint NOT NULL,
    key text NOT NULL,
    hold uuid NOT NULL,
    PRIMARY KEY (tenant, key)
);

CREATE TABLE tebura_bench_functions.transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hold uuid NOT NULL,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    amount bigint NOT NULL,
    at timestamptz NOT NULL
);

CREATE FUNCTION tebura_bench_functions.place(a_payer bigint, a_payee bigint, a_amount bigint, a_key text)
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    new_hold uuid := gen_random_uuid();
    old_hold uuid;
BEGIN
    INSERT INTO tebura_bench_functions.idempotency_key VALUES (a_payee, a_key, new_hold) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT hold INTO old_hold FROM tebura_bench_functions.idempotency_key WHERE tenant = a_payee AND key = a_key;
        RETURN old_hold;
    END IF;
    UPDATE tebura_bench_functions.account SET held = held + a_amount WHERE id = a_payer AND posted - held >= a_amount;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'insufficient funds';
    END IF;
    INSERT INTO tebura_bench_functions.hold VALUES (new_hold, a_payer, a_payee, a_amount, 0, 'held', now());
    RETURN new_hold;
END $$;

CREATE FUNCTION tebura_bench_functions.capture(a_hold uuid, a_amount bigint, a_key text)
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    found_hold tebura_bench_functions.hold%ROWTYPE;
BEGIN
    SELECT * INTO found_hold FROM tebura_bench_functions.hold WHERE id = a_hold FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such hold';
    END IF;
    INSERT INTO tebura_bench_functions.idempotency_key VALUES (found_hold.payee, a_key, a_hold) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN a_hold;
    END IF;
    IF found_hold.state <> 'held' OR found_hold.amount < a_amount THEN
        RAISE EXCEPTION 'not capturable';
    END IF;
    UPDATE tebura_bench_functions.hold SET captured = a_amount, state = 'captured' WHERE id = a_hold;
    UPDATE tebura_bench_functions.account SET posted = posted - a_amount, held = held - found_hold.amount
        WHERE id = found_hold.payer;
    INSERT INTO tebura_bench_functions.transfer (hold, debit, credit, amount, at)
        VALUES (a_hold, found_hold.payer, found_hold.payee, a_amount, now());
    -- Last, so that a payee whom everybody pays is locked for as short as can be.
    UPDATE tebura_bench_functions.account SET posted = posted + a_amount WHERE id = found_hold.payee;
    RETURN a_hold;
END $$;

INSERT INTO tebura_bench_functions.account
    SELECT id, CASE WHEN id <= :merchants THEN 0 ELSE :funds END, 0 FROM generate_series(1, :merchants + :payers) AS id;
ANALYZE tebura_bench_functions.account;

//! The catalogue: every code that a check may give, with its message in English and Japanese.
//!
//! Codes are stable: callers and documents name them. Words in braces are filled in by the check.

use crate::finding::{Language, Severity};

macro_rules! catalogue {
    ($($name:ident $code:literal $severity:ident $english:literal $japanese:literal)*) => {
        /// A stable code; `C1` to `C11` refuse a document, `W` warns.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $english] $name,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Whether the code refuses a document.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),* }
            }

            /// The message with its words in braces still open.
            pub(crate) const fn template(self, language: Language) -> &'static str {
                match (language, self) {
                    $((Language::En, Self::$name) => $english,)*
                    $((Language::Ja, Self::$name) => $japanese,)*
                }
            }
        }
    };
}

catalogue! {
    C1TooLarge "contract.c1_too_large" Error
        "the document has {size} bytes and may have {limit}: shorten it"
        "文書は{size}バイトあり、上限は{limit}バイトです。短くしてください"
    C1NotJson "contract.c1_not_json" Error
        "this is not JSON: {reason}"
        "JSONとして読めません({reason})"
    C1TooDeep "contract.c1_too_deep" Error
        "objects and arrays are inside each other more than {limit} deep: flatten them"
        "入れ子が{limit}段を超えています。浅くしてください"
    C1DuplicateName "contract.c1_duplicate_name" Error
        "the name is written twice in one object: keep one of them"
        "同じ名前が二度書かれています。どちらか一つにしてください"
    C1NotWhole "contract.c1_not_whole" Error
        "{value} is not a whole number: write amounts in smallest units without a point or exponent"
        "{value}は整数ではありません。金額は最小単位の整数で、小数点や指数なしで書いてください"
    C1Missing "contract.c1_missing" Error
        "`{name}` is missing: write {expected}"
        "`{name}` がありません。{expected}を書いてください"
    C1UnknownField "contract.c1_unknown_field" Error
        "`{name}` is not a field here: remove it, or write one of {fields}"
        "`{name}` という項目はここにはありません。削除するか、{fields} のいずれかにしてください"
    C1Value "contract.c1_value" Error
        "{value} is not accepted: write {expected}"
        "{value}は使えません。{expected}を書いてください"
    C1Name "contract.c1_name" Error
        "`{name}` is not a name: write {expected}"
        "`{name}` は名前として使えません。{expected}を書いてください"
    C1ReservedName "contract.c1_reserved_name" Error
        "`{name}` has a meaning of its own in contracts: choose another name"
        "`{name}` は契約の中で特別な意味を持ちます。別の名前にしてください"
    C1Text "contract.c1_text" Error
        "the text has a character that is invisible, turns the direction of reading or is markup, or a space at an end: remove it, because people consent to what they see"
        "見えない文字、文字の向きを変える文字、マークアップの記号、または両端の空白が含まれています。利用者は見えるものに同意するため、削除してください"
    C1UnknownParty "contract.c1_unknown_party" Error
        "no party is named `{name}`: add it under `parties`, or correct the name"
        "`{name}` という当事者はいません。`parties` に加えるか、名前を直してください"
    C1UnknownLeg "contract.c1_unknown_leg" Error
        "no leg is named `{name}`: add it under `legs`, or correct the name"
        "`{name}` という区分はありません。`legs` に加えるか、名前を直してください"
    C1UnknownState "contract.c1_unknown_state" Error
        "no state is named `{name}`: add it under `states`, write `end`, or correct the name"
        "`{name}` という状態はありません。`states` に加えるか、`end` と書くか、名前を直してください"
    C1UnknownAnchor "contract.c1_unknown_anchor" Error
        "no anchor is named `{name}`: add it under `anchors`, or correct the name"
        "`{name}` という時点はありません。`anchors` に加えるか、名前を直してください"
    C1Duration "contract.c1_duration" Error
        "{value} is not a length of time: write for example PT3H, P7D or P1DT12H (no months or years), ten years at most"
        "{value}は長さとして読めません。PT3H、P7D、P1DT12H のように書いてください(年・月は不可、10年まで)"
    C1Trigger "contract.c1_trigger" Error
        "an edge under `on` needs `when` with exactly one of `act` and `attest`: add what fires it"
        "`on` の動きには `when` が要り、その中に `act` と `attest` のどちらか一方だけを書きます。きっかけを加えてください"
    C1FieldsOnAct "contract.c1_fields_on_act" Error
        "a command carries no numbers: move `fields` and `if` to an `attest`, or remove them"
        "操作(act)は数値を含みません。`fields` と `if` は `attest` に移すか、削除してください"
    C1Quorum "contract.c1_quorum" Error
        "{k} of {n} different parties can never be reached: name each party once and choose a smaller k"
        "異なる{n}人から{k}人は集まりません。当事者を一度ずつ挙げ、k を小さくしてください"
    C1AttestorCommands "contract.c1_attestor_commands" Error
        "`{name}` is an attestor and states facts, it gives no commands: use `attest`, or give it another role"
        "`{name}` は証明する人(attestor)で、操作はできません。`attest` を使うか、役割を変えてください"
    C1PaysItself "contract.c1_pays_itself" Error
        "leg `{leg}` is `{name}`'s own: write `release` to give it back"
        "区分 `{leg}` はもともと `{name}` のものです。戻すには `release` と書いてください"
    C1Asset "contract.c1_asset" Error
        "{value} is no currency: {reason}"
        "{value}は通貨ではありません。ISO 4217 のコード、または4文字以上の独自の通貨コードを書いてください"
    C1FieldBounds "contract.c1_field_bounds" Error
        "the smallest value {min} is above the largest {max}: exchange them"
        "最小値{min}が最大値{max}を超えています。入れ替えてください"
    C2Cycle "contract.c2_cycle" Error
        "the states {states} lead back to each other: a contract only goes forward; repeat within one state with `times`"
        "状態 {states} が互いに戻り合っています。契約は前にだけ進みます。繰り返しは1つの状態の中で `times` を使ってください"
    C2LoopWithoutTimes "contract.c2_loop_without_times" Error
        "the edge comes back to its own state without a limit: add `times`, 1 to 100"
        "同じ状態に戻る動きに回数の上限がありません。`times`(1~100)を加えてください"
    C2TimesWithoutLoop "contract.c2_times_without_loop" Error
        "`times` counts returns to the same state, and this edge leaves it: remove `times`"
        "`times` は同じ状態に戻る回数です。この動きは別の状態へ進むので、`times` を削除してください"
    C2TooManyFirings "contract.c2_too_many_firings" Error
        "edges could fire {count} times on one way through, and {limit} is the most: lower `times`"
        "1つの流れで最大{count}回動く可能性があり、上限は{limit}回です。`times` を減らしてください"
    C3NoDeadline "contract.c3_no_deadline" Error
        "the state waits for ever: add `by`, a deadline"
        "この状態には期限がありません。`by` に期限を書いてください"
    C3NoElse "contract.c3_no_else" Error
        "nothing says what happens when the deadline passes: add `else`"
        "期限を過ぎたときの扱いがありません。`else` を加えてください"
    C3ElseAsks "contract.c3_else_asks" Error
        "`else` happens by itself: remove `{name}`, which needs somebody to act"
        "`else` は自動的に起こります。誰かの操作が要る `{name}` は削除してください"
    C3ElseStays "contract.c3_else_stays" Error
        "`else` comes back to its own state, whose deadline has passed: go to another state or to `end`"
        "`else` が期限を過ぎた同じ状態に戻っています。別の状態か `end` に進めてください"
    C4DeadlinePast "contract.c4_deadline_past" Error
        "this deadline can lie {by} before the beginning: make it later, or raise the anchor's `earliest`"
        "この期限は開始より{by}前になることがあります。期限を遅くするか、時点の `earliest` を大きくしてください"
    C4DeadlineBackwards "contract.c4_deadline_backwards" Error
        "`{from}` may last until {late} after the beginning, but `{to}` can be over at {early}: make `{to}` end later, or add an earlier moment to `by` of `{from}`"
        "`{from}` は開始から{late}後まで続くことがあるのに、`{to}` は{early}後に終わることがあります。`{to}` の期限を遅くするか、`{from}` の `by` により早い時点を加えてください"
    C4AnchorRange "contract.c4_anchor_range" Error
        "the anchor's `earliest` is later than its `latest`: exchange them"
        "時点の `earliest` が `latest` より遅くなっています。入れ替えてください"
    C4NoTimeToFund "contract.c4_no_time_to_fund" Error
        "placing the holds may take until the deadline of `{state}`: shorten `fund_by`, or make that deadline later"
        "仮押さえの手続きが `{state}` の期限までかかることがあります。`fund_by` を短くするか、期限を遅くしてください"
    C4TooLong "contract.c4_too_long" Error
        "the contract can last {length}, and {limit} is the most: bring the deadlines forward"
        "契約は最長{length}続き、上限の{limit}を超えます。期限を早めてください"
    C4RailTooShort "contract.c4_rail_too_short" Error
        "leg `{leg}` has to be held for {needed} (grace and settle margin counted), but rail `{rail}` holds {limit} at most: shorten the contract or choose another rail"
        "区分 `{leg}` は猶予と精算の余裕を含めて{needed}の仮押さえが必要ですが、決済手段 `{rail}` の上限は{limit}です。契約を短くするか、別の決済手段にしてください"
    C5LegWithoutDisposal "contract.c5_leg_without_disposal" Error
        "the contract ends here and nothing says what becomes of leg `{leg}`: add it under `do`, ending in `rest`"
        "ここで契約が終わるのに、区分 `{leg}` の扱いがありません。`do` に加え、最後に `rest` を書いてください"
    C5NoRest "contract.c5_no_rest" Error
        "the list for leg `{leg}` has to end with exactly one `rest`: add it as the last entry"
        "区分 `{leg}` の一覧は、最後に `rest` を1つだけ書いて終わる必要があります。末尾に加えてください"
    C5KeepAtEnd "contract.c5_keep_at_end" Error
        "nothing can be kept on leg `{leg}` after the end: write `release` or a party as the rest"
        "契約の終了後、区分 `{leg}` を仮押さえのままにはできません。残りを `release` か当事者にしてください"
    C5MovesBeforeFunding "contract.c5_moves_before_funding" Error
        "leg `{leg}` is not held yet in `{state}`: money moves only from `{fund_at}` on; remove the entry"
        "`{state}` では区分 `{leg}` はまだ仮押さえされていません。お金を動かせるのは `{fund_at}` 以降です。削除してください"
    C5LegAlreadyClosed "contract.c5_leg_already_closed" Error
        "leg `{leg}` was given away completely before `{state}`: remove the entry"
        "区分 `{leg}` は `{state}` より前にすべて処理済みです。削除してください"
    C5LegMixed "contract.c5_leg_mixed" Error
        "`{state}` is reached with leg `{leg}` held and also with it not held: use two states"
        "区分 `{leg}` が仮押さえ中の場合とそうでない場合の両方で `{state}` に来ます。状態を2つに分けてください"
    C5FundedBySilence "contract.c5_funded_by_silence" Error
        "the holds would be placed because nobody answered: let a command or statement lead to `{fund_at}`"
        "誰も答えないことで仮押さえが始まってしまいます。`{fund_at}` へは操作か証明で進むようにしてください"
    C5AssignedTwice "contract.c5_assigned_twice" Error
        "leg `{leg}` is listed in `raise` and in `do` of one edge: raise first, in a loop, and pay in another edge"
        "1つの動きで区分 `{leg}` の `raise` と `do` が両方書かれています。先に繰り返しで引き上げ、別の動きで支払ってください"
    C6MoreThanLeft "contract.c6_more_than_left" Error
        "of leg `{leg}` only {left} is certain to be left here, and {wanted} is promised: lower the amounts, or put fixed amounts before stated ones"
        "区分 `{leg}` でここに確実に残るのは{left}ですが、{wanted}を約束しています。金額を下げるか、固定額を証明による額より前に置いてください"
    C6RaiseAboveCap "contract.c6_raise_above_cap" Error
        "{wanted} is above the cap of leg `{leg}`, {cap}: lower it, or raise `cap`"
        "{wanted}は区分 `{leg}` の上限{cap}を超えています。下げるか、`cap` を上げてください"
    C6RaiseNotAbove "contract.c6_raise_not_above" Error
        "{wanted} is not above what leg `{leg}` holds anyway, {hold}: raise to more, or remove the edge"
        "{wanted}は区分 `{leg}` の仮押さえ額{hold}を超えていません。より大きくするか、動きを削除してください"
    C6CapBelowHold "contract.c6_cap_below_hold" Error
        "the cap {cap} is below the hold {hold}: exchange them"
        "上限{cap}が仮押さえ額{hold}より小さくなっています。入れ替えてください"
    C6ShareOfThing "contract.c6_share_of_thing" Error
        "a part of `{asset}` cannot be given: write whole units, or leave it to the rest"
        "`{asset}` は分けられません。整数で書くか、残りに任せてください"
    C7PaysItsSigners "contract.c7_pays_its_signers" Error
        "{signers} could fire this edge and are paid by it: ask the payer or an attestor as well, or add the payer's `consent`"
        "{signers}だけでこの動きを起こし、自分が支払いを受けられます。支払う人か証明する人の署名も求めるか、支払う人の `consent` を加えてください"
    C7ClaimWithoutAnswer "contract.c7_claim_without_answer" Error
        "{signers} could lead here to `{state}`, where silence pays them and nobody else may act: give the payer an edge in `{state}`, or ask for another signature here"
        "{signers}だけで `{state}` に進められ、そこでは何もなければ自分が支払いを受け、ほかの人は何もできません。`{state}` に支払う人の動きを加えるか、ここで別の署名も求めてください"
    C7RaiseWithoutPayer "contract.c7_raise_without_payer" Error
        "leg `{leg}` is raised without its payer `{payer}`: let `{payer}` sign, or add `consent` of `{payer}`"
        "区分 `{leg}` が支払う人 `{payer}` なしで引き上げられます。`{payer}` の署名か `consent` を加えてください"
    C7ReholdWithoutPayer "contract.c7_rehold_without_payer" Error
        "leg `{leg}` is locked into another contract without its payer `{payer}`: let `{payer}` sign, or add `consent` of `{payer}`"
        "区分 `{leg}` が支払う人 `{payer}` なしで別の契約に移されます。`{payer}` の署名か `consent` を加えてください"
    C7AttestorWithStake "contract.c7_attestor_with_stake" Error
        "`{name}` is an attestor and may neither pay nor be paid: give it another role, or take it out of the money"
        "`{name}` は証明する人(attestor)なので、支払うことも受け取ることもできません。役割を変えるか、お金の扱いから外してください"
    C7ConsentOfStranger "contract.c7_consent_of_stranger" Error
        "`{name}` has no money in this edge, so its consent protects nobody: name the payer of a leg that the edge uses"
        "`{name}` のお金はこの動きに関わらないため、同意の意味がありません。この動きで使う区分の支払う人を書いてください"
    C8UnknownField "contract.c8_unknown_field" Error
        "the trigger of this edge states no `{name}`: add it under `fields` of `when`, or correct the name"
        "この動きのきっかけに `{name}` という数値はありません。`when` の `fields` に加えるか、名前を直してください"
    C8UnboundVariable "contract.c8_unbound_variable" Error
        "`{name}` is not known on every way to `{state}`: bind it on each edge that leads there"
        "`{state}` に至る道のうち、`{name}` が決まらないものがあります。そこへ進むすべての動きに `bind` を書いてください"
    C9TwoUnpinned "contract.c9_two_unpinned" Error
        "legs {legs} are captured together on rails that cannot pin a hold: if the second failed the first could not be taken back; at most one leg of an edge may lie on such a rail"
        "区分 {legs} を同時に支払いますが、どの決済手段も仮押さえを固定できません。2つ目が失敗すると1つ目を戻せないため、そのような決済手段は1つの動きに1区分までです"
    C10UnknownRail "contract.c10_unknown_rail" Error
        "this hub has no rail `{rail}`, it has {rails}: install it, or choose another"
        "このハブに決済手段 `{rail}` はありません(あるのは{rails})。導入するか、別のものを選んでください"
    C10Asset "contract.c10_asset" Error
        "rail `{rail}` does not carry {asset}: choose another rail for leg `{leg}`"
        "決済手段 `{rail}` は{asset}を扱えません。区分 `{leg}` に別の決済手段を選んでください"
    C10Amount "contract.c10_amount" Error
        "rail `{rail}` holds {limit} at most at a time, leg `{leg}` asks for {wanted}: lower it, or choose another rail"
        "決済手段 `{rail}` の1回の上限は{limit}ですが、区分 `{leg}` は{wanted}です。下げるか、別の決済手段にしてください"
    C10SeveralCaptures "contract.c10_several_captures" Error
        "leg `{leg}` may be captured several times, and rail `{rail}` captures once: take everything in one edge, or choose another rail"
        "区分 `{leg}` は複数回支払われることがありますが、決済手段 `{rail}` は1回だけです。1つの動きにまとめるか、別の決済手段にしてください"
    C10PartialCapture "contract.c10_partial_capture" Error
        "leg `{leg}` may be captured in part, and rail `{rail}` captures all or nothing: give the whole to one party, or choose another rail"
        "区分 `{leg}` は一部だけ支払われることがありますが、決済手段 `{rail}` は全額のみです。全額を1人に渡すか、別の決済手段にしてください"
    C10Split "contract.c10_split" Error
        "leg `{leg}` may pay several parties, and rail `{rail}` pays one payee a hold: use one payee, or choose another rail"
        "区分 `{leg}` は複数の人に支払われることがありますが、決済手段 `{rail}` は1件の仮押さえにつき受取人が1人だけです。受け取る人を1人にするか、別の決済手段にしてください"
    C10PartialRelease "contract.c10_partial_release" Error
        "leg `{leg}` is released in part, and rail `{rail}` releases all or nothing: release at the end, or choose another rail"
        "区分 `{leg}` の一部を先に返却しますが、決済手段 `{rail}` は全額のみです。最後に返却するか、別の決済手段にしてください"
    C10Raise "contract.c10_raise" Error
        "leg `{leg}` may be raised, and rail `{rail}` cannot: hold the full amount at once, or choose another rail"
        "区分 `{leg}` は引き上げられることがありますが、決済手段 `{rail}` は対応していません。初めから全額を仮押さえするか、別の決済手段にしてください"
    C10Extend "contract.c10_extend" Error
        "leg `{leg}` moves to another contract, and rail `{rail}` cannot extend a hold: choose another rail"
        "区分 `{leg}` は別の契約に移りますが、決済手段 `{rail}` は仮押さえを延長できません。別の決済手段にしてください"
    C11UnreachableState "contract.c11_unreachable_state" Error
        "no way leads to `{state}`: let an edge go there, or remove it"
        "`{state}` に至る道がありません。そこへ進む動きを加えるか、削除してください"
    C11NeverOpen "contract.c11_never_open" Error
        "this edge can never fire: {reason}; change it or remove the edge"
        "この動きは決して起こりません({reason})。直すか、削除してください"
    C11Shadowed "contract.c11_shadowed" Error
        "edge {earlier} always matches first: put this one before it, or remove it"
        "常に先に動き{earlier}が選ばれます。こちらを前に置くか、削除してください"
    W1SilencePays "contract.w1_silence_pays" Warning
        "when nobody acts in `{state}`, up to {amount} of leg `{leg}` goes to `{party}`: say so plainly where people consent"
        "`{state}` で誰も何もしないと、区分 `{leg}` から最大{amount}が `{party}` に支払われます。同意の画面ではっきり示してください"
    W2Unused "contract.w2_unused" Warning
        "`{name}` is never used: remove it, or use it"
        "`{name}` は使われていません。削除するか、使ってください"
    W3TakenAlone "contract.w3_taken_alone" Warning
        "{signers} may take money alone here, as `{payer}` agrees at the beginning: say so plainly where people consent"
        "ここでは `{payer}` が最初に同意することで、{signers}だけで支払いを受けられます。同意の画面ではっきり示してください"
    W4MayFallShort "contract.w4_may_fall_short" Warning
        "leg `{leg}` may hold less than is stated here: then `{party}` gets what is left; bound the field or raise the hold"
        "区分 `{leg}` の残りが証明の額に足りないことがあり、その場合 `{party}` は残額だけを受け取ります。数値の範囲を狭めるか、仮押さえ額を上げてください"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_words(text: &str) -> Vec<&str> {
        let mut words: Vec<&str> =
            text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(word, _)| word)).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    #[test]
    fn both_languages_name_the_same_values() {
        for code in Code::ALL {
            let (english, japanese) = (code.template(Language::En), code.template(Language::Ja));
            let said: Vec<&str> = open_words(english).into_iter().filter(|word| *word != "reason").collect();
            let japanese: Vec<&str> = open_words(japanese).into_iter().filter(|word| *word != "reason").collect();
            assert_eq!(said, japanese, "{code:?}");
        }
    }

    #[test]
    fn codes_are_different_and_say_what_they_are() {
        let mut texts: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
        for code in Code::ALL {
            let warns = code.as_str().starts_with("contract.w");
            assert_eq!(warns, code.severity() == Severity::Warning, "{code:?}");
        }
    }
}

# The words of the scripts: how a contract stands, and who has how much.

def comma: tostring | if length > 3 then (.[:-3] | comma) + "," + .[-3:] else . end;
def amount($asset): if $asset == "JPY" then "¥\(comma)" else "\(.) \($asset | split(":")[0] | ascii_downcase)" end;

# Of an answer of /v1/contracts. Times are told as what is left of them at $now, seconds since 1970, rounded up so that
# the seconds of a run do not show.
def stands($document; $now):
  def left:
    ((sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601) - $now) as $seconds
    | (if $seconds > 3600 then $seconds / 600 | ceil * 10 else $seconds / 60 | ceil end) as $minutes
    | [($minutes / 1440 | floor | select(. > 0) | "\(.) d"), ($minutes % 1440 / 60 | floor | select(. > 0) | "\(.) h"),
       ($minutes % 60 | select(. > 0) | "\(.) min")]
    | join(" ");
  def state: "\(.) (\($document.states[.].label.en))";
  def field: "\(.name) \(.min | comma) to \(.max | comma)";
  def open($deadline):
    "\(.name) by \(.by | join(", "))"
    + (if .missing > 1 then ", \(.missing) of them" elif (.by | length) > 1 then ", one of them" else "" end)
    + (if .fields == [] then "" else " [\(.fields | map(field) | join(", "))]" end)
    + (if .consent then ", asks \(.consent)" else "" end)
    + (if .closes == $deadline then "" else ", for \(.closes | left)" end);
  def leg:
    $document.legs[.leg].asset as $asset
    | def part($word): select(. > 0) | "\(amount($asset)) \($word)";
    if .standing == "unplaced" then "nothing held yet" elif .standing == "failed" then "could not be held"
      else [(.left | part("held")), (.captured | part("paid")), (.released | part("given back")),
            (.moved | part("moved on"))] | join(", ") end;
  def ending:
    if type == "string" then .
    else .fired | $document.states[.state].on[.edge // 99] as $edge
      | "in \(.state | state), by \($edge.when | .act // .attest // "silence")" end;
  . as $answer
  | (.contract // .) as $contract
  | (if $answer.repeated then "  heard before: nothing happens again" else empty end),
    "  \($contract.status)"
    + (if $contract.outcome then " \($contract.outcome | ending)"
       elif $contract.state then " in \($contract.state | state), for \($contract.deadline | left) at most"
       elif $contract.deadline then ", for \($contract.deadline | left) at most"
       else "" end),
    ($contract.legs[] | "  \(.leg): \(leg)"),
    ($contract.agreement_awaited | select(. != []) | "  has to agree: \(join(", "))"),
    ($contract.consent_awaited[] | "  was asked: \(.party)"),
    ($contract.open[] | "  may come: \(open($contract.deadline))");

# Of a list of accounts: each, and what they have together.
def purses:
  (.[] | .posted.currency as $unit | "  \(.name), \(.rail): \(.posted.minor | amount($unit))"
    + (if .held > 0 then ", \(.held | amount($unit)) of it held" else "" end)),
  (group_by(.posted.currency)[]
    | "  together: \(.[0].posted.currency as $unit | map(.posted.minor) | add | amount($unit))");

# common.jq: what several forms need.

def shown: map(select(.hidden | not));

def mark: if .status == "passed" then "✓" elif .status == "skipped" then "-" else "✗" end;

# Two decimals at most, and no .0.
def number: (. * 100 | round) as $n | if $n % 100 == 0 then $n / 100 | floor else $n / 100 end;

def hidden_sum:
    map(select(.hidden)) | select(length > 0)
    | "\(length) test\(if length == 1 then "" else "s" end) of your instructor's: \(map(.points) | add) of \(map(.of) | add) points";

def status_words:
    {graded: "", missing: "it is not in the submission", stub: "as it came: nothing of it has been written",
     refused: "its file was refused", "compile error": "it doesn't compile"}[.status];

# What was not looked at, a line each.
def notes:
    (if .error != "" then "It couldn't be graded: \(.error)" else empty end),
    (if .late.hours > 0 then "Handed in \(.late.hours) hours late: \(.late.off) % off" else empty end),
    (.refused[] | "Refused: \(.file)\(if .reason == "" then "" else ": \(.reason)" end)"),
    (if (.ignored | length) > 0 then "Not looked at: \(.ignored[:10] | join(", "))\(if (.ignored | length) > 10 then ", ..." else "" end)" else empty end);

# For each lab in the results: its per cent.
def labs: [.exercises[] | .lab = (.exercise | split("/")[0])] | group_by(.lab)
    | map({key: .[0].lab, value: ((map(.of) | add) as $of | if $of == 0 then 0 else 100 * (map(.points) | add) / $of | number end)})
    | from_entries;

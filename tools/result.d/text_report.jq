# text_report.jq: a result as text, in the form of make check.
include "common";

def test: "\(mark) \(.name)\(" " * ([68 - (.name | length), 0] | max) // "") \(if .status == "skipped" then "skipped" else "\(.points)/\(.of)" end)",
    (if .status == "passed" or .words == "" then empty else .words | split("\n")[] | "    " + . end);

def report:
    "\(.submission): \(.score | number) %, \(.points) of \(.of) points",
    notes,
    (.exercises[] | "",
        "\(.exercise): \(.points) of \(.of) points\(status_words | if . == "" then "" else ", " + . end)",
        (if .compiler != "" then .compiler | rtrimstr("\n") | split("\n")[] | "    " + . else empty end),
        (if .status == "graded" then (.tests | shown[] | test) else empty end),
        (.tests | hidden_sum)),
    "",
    "Graded with kit \(.kit), seed \(.seed), sandbox \(.sandbox)\([.guarantees | to_entries[] | select(.value | not) | .key] | if length == 0 then "" else "; not guaranteed: " + join(", ") end)";

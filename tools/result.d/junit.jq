# junit.jq: JUnit's XML. A suite for each exercise; a compile error is an error.
include "common";

# XML 1.0 has no way to say most control characters.
def xml: explode | map(if (. < 32 and . != 9 and . != 10 and . != 13) or . == 127 or . == 65534 or . == 65535 then 65533 else . end) | implode | @html;

def case($exercise):
    "    <testcase classname=\"\($exercise.exercise | xml)\" name=\"\(.name | xml)\" time=\"\(.seconds)\"\(
        if .status == "passed" then "/>"
        elif .status == "skipped" then "><skipped message=\"\(.words | xml)\"/></testcase>"
        elif $exercise.status != "graded" then
            "><error type=\"\($exercise.status | xml)\" message=\"\(.words | xml)\">\($exercise.compiler | xml)</error></testcase>"
        else "><failure type=\"\(.status)\" message=\"0 of \(.of) points\">\(.words | xml)</failure></testcase>" end)";

def suite:
    . as $exercise
    | (.tests | map(select(.status == "failed" or .status == "timeout")) | length) as $failed
    | "  <testsuite name=\"\(.exercise | xml)\" tests=\"\(.tests | length)\" failures=\"\(if .status == "graded" then $failed else 0 end)\" errors=\"\(if .status == "graded" then 0 else $failed end)\" skipped=\"\(.tests | map(select(.status == "skipped")) | length)\" time=\"\(.tests | map(.seconds) | add // 0 | . * 1000 | round / 1000)\">",
      (.tests[] | case($exercise)),
      "  </testsuite>";

"<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
"<testsuites>",
(.[].exercises[] | suite),
"</testsuites>"

# exercise.jq: the result of one exercise, from what bats said of its tests.
#
# Usage: jq -Rn --arg exercise LAB/NAME --arg status STATUS --rawfile compiler FILE
#           --rawfile points FILE --arg why WORDS -f exercise.jq TAP
# points: a line "POINTS<tab>TEST NAME" for each test, "h" before it if hidden.
# why: the words of tests that weren't run.

# Control characters of a stranger's are for no terminal.
def printable: explode
    | map(if (. < 32 and . != 9 and . != 10) or (. > 126 and . < 160) then 65533 else . end) | implode;

# Where in the test file it failed is for those who write tests.
def words_of:
    reduce .[] as $line ({where: false, kept: []};
        if $line | test("^\\((from function|in test file)") then .where = true
        elif $line == "undisturbed" then . # that is for exercise.bash
        elif .where then
            if $line | test(" failed( with status [0-9]+)?$") then .where = false else . end
        else .kept += [$line] end)
    | .kept | join("\n") | .[0:8192] | printable;

def tests:
    reduce inputs as $line ([];
        if $line | test("^(not )?ok [0-9]+ ") then
            . + [$line | capture("^(?<not>not )?ok [0-9]+ (?<name>.*) in (?<ms>[0-9]+)ms(?<skip> # skip ?(?<reason>.*))?$")
                | {name, seconds: ((.ms | tonumber) / 1000), lines: [],
                   status: (if .not then "failed" elif .skip then "skipped" else "passed" end),
                   reason: (.reason // "")}]
        elif ($line | startswith("# ")) and length > 0 then
            .[-1].lines += [$line[2:]]
        else . end);

def took_too_long:
    test("still running after [0-9.]+ s|(still there|not so|nothing came|it goes on) after [0-9.]+ s|in [0-9]+ s$|bats. timeout"; "m");

(tests | map({(.name): .}) | add // {}) as $ran
| [$points | split("\n")[] | select(. != "") | capture("^(?<hidden>h?)(?<of>[0-9]+)\t(?<name>.*)$")
    | (.of | tonumber) as $of
    | ($ran[.name] // {status: "failed", seconds: 0, lines: [], words: $why}) as $is
    | (if $is.status == "skipped" then $is.reason else $is.words // ($is.lines | words_of) end) as $words
    | {name, points: (if $is.status == "passed" then $of else 0 end),
       of: (if $is.status == "skipped" then 0 else $of end),
       status: (if $is.status == "failed" and ($words | took_too_long) then "timeout" else $is.status end),
       words: $words, seconds: $is.seconds, hidden: (.hidden == "h")}]
| {exercise: $exercise, status: $status, points: (map(.points) | add // 0),
   of: (map(.of) | add // 0), compiler: ($compiler | .[0:8192] | printable), tests: .}

# tools/result: each form against the shape that its readers publish, from results
# that hold what is hard to say: quotes, markup, hidden tests.

load ../lib/lab

setup() {
    needs jq jq
    cd "$BATS_TEST_TMPDIR" || exit
    jq -n '{
        format: "ipc-labs grade 1", kit: "0123456789ab", submission: "ann <b>\"o\u0027neil\"", form: "zip",
        seed: 7, sandbox: "user", guarantees: {"own network": false, "reaped": true}, factor: 1.5, error: "",
        points: 60, of: 155, score: 38.71, late: {hours: 3, off: 10}, seconds: 12,
        exercises: [
            {exercise: "07-pipes/ex1_pipeline", status: "graded", points: 60, of: 105, compiler: "a warning <w>\n",
             tests: [
                {name: "it works & ends", points: 60, of: 60, status: "passed", words: "", seconds: 0.25, hidden: false},
                {name: "it fails", points: 0, of: 40, status: "failed", words: "saw: </pre><script>\ufffd ]]>\n\"x\"", seconds: 1, hidden: false},
                {name: "it is skipped", points: 0, of: 0, status: "skipped", words: "no ptrace", seconds: 0, hidden: false},
                {name: "the secret one", points: 0, of: 5, status: "timeout", words: "secret words", seconds: 5, hidden: true}]},
            {exercise: "08-fifos/ex1_logger", status: "compile error", points: 0, of: 50, compiler: "ex1_logger.c:1:2: error: <x>\n",
             tests: [{name: "it logs", points: 0, of: 50, status: "failed", words: "It does not compile.", seconds: 0, hidden: false}]}],
        ignored: ["Makefile"], refused: [{file: "a,b", reason: "a FIFO"}]}' >ann.json
    jq '.submission = "bob" | .points = 0 | .score = 0 | .error = "tar can\u0027t read it" | .exercises = []' ann.json >bob.json
}

teardown() {
    true
}

result() {
    "$top/tools/result" "$@"
}

# holds JQ FILE: whether the condition does; says of which line it doesn't.
holds() {
    jq -e "$1" "$2" >/dev/null || fail "not so: $1: $(jq -c . "$2" | head -c 2000)"
}

@test "text is as make check says it" {
    run result text ann.json
    assert_line 'ann <b>"o'"'"'neil": 38.71 %, 60 of 155 points'
    assert_line "Handed in 3 hours late: 10 % off"
    assert_line "Refused: a,b: a FIFO"
    assert_line --regexp '^✓ it works & ends +60/60$'
    assert_line --regexp '^✗ it fails +0/40$'
    assert_line --regexp '^- it is skipped +skipped$'
    assert_line "1 test of your instructor's: 0 of 5 points"
    assert_line "08-fifos/ex1_logger: 0 of 50 points, it doesn't compile"
    assert_line "    ex1_logger.c:1:2: error: <x>"
    assert_line --regexp "sandbox user; not guaranteed: own network$"
    refute_output --partial secret
    run result text bob.json
    assert_line "It couldn't be graded: tar can't read it"
}

@test "HTML needs nothing else, has no markup of the student's, and no hidden test" {
    result html ann.json >page.html
    run cat page.html
    assert_line --regexp "<title>ann &lt;b&gt;&quot;o(&#39;|&apos;)neil&quot;: 38\.71 %</title>"
    assert_output --partial "saw: &lt;/pre&gt;&lt;script&gt;"
    refute_output --regexp '<script|https?:|src=|@import|url\('
    refute_output --partial secret
    needs xmllint libxml2-utils
    # It doesn't know some of HTML 5's elements; all else must be in order.
    run bash -c 'xmllint --html --noout page.html 2>&1 | grep error | grep -Ev "Tag (meter|details|summary|footer) invalid"'
    assert_output ""
}

@test "JUnit is XML in which the sums are right" {
    result junit <(jq '.exercises[0].tests[1].words += "\u0001\u001b"' ann.json) bob.json >junit.xml
    run cat junit.xml
    assert_line '  <testsuite name="07-pipes/ex1_pipeline" tests="4" failures="2" errors="0" skipped="1" time="6.25">'
    assert_line '  <testsuite name="08-fifos/ex1_logger" tests="1" failures="0" errors="1" skipped="0" time="0">'
    needs xmllint libxml2-utils
    assert_equal "$(xmllint --xpath 'concat(count(//testcase), " ", count(//failure), " ", count(//error), " ", count(//skipped))' junit.xml)" "5 2 1 1"
    assert_equal "$(xmllint --xpath 'count(//testcase[not(@name) or not(@classname) or not(@time)])' junit.xml)" 0
}

@test "Gradescope's results.json" {
    result gradescope ann.json >results.json
    holds '(.score | type) == "number" and .score >= 0 and (.execution_time | type) == "number"' results.json
    holds '(keys - ["score", "execution_time", "output", "visibility", "stdout_visibility", "extra_data", "tests"]) == []' results.json
    holds '(.tests | length) == 5 and all(.tests[]; (keys - ["score", "max_score", "name", "number", "output", "status", "visibility"]) == []
        and (.name | length) > 0 and .score >= 0 and .score <= .max_score and (.output | type) == "string"
        and (.number | type) == "string" and (.status | IN("passed", "failed"))
        and (.visibility | IN("visible", "hidden", "after_due_date", "after_published")))' results.json
    holds '[.tests[] | select(.name | test("secret")) | .visibility] == ["after_published"]' results.json
    holds '[.tests[].number] == ["1.1", "1.2", "1.3", "1.4", "2.1"]' results.json
}

@test "Autolab's last line has the scores" {
    run result autolab ann.json
    refute_output --partial secret
    tail -n 1 <<<"$output" >last
    holds '. == {scores: {"07-pipes/ex1_pipeline": 60, "08-fifos/ex1_logger": 0}}' last
    jq 'del(.exercises[1])' ann.json >one.json
    assert_equal "$(result autolab one.json | tail -n 1)" '{"scores":{"ex1_pipeline":60}}'
}

@test "Classroom 50's result.json" {
    run result classroom50 ann.json
    assert_failure
    assert_output --partial "CLASSROOM isn't set"
    export CLASSROOM=os ASSIGNMENT=pipes USERNAME=ann SUBMISSION_TAG=submit/2026-01-02T03-04-05Z-abc \
        COMMIT_URL=https://h/c RELEASE_URL=https://h/r REVIEW_URL=https://h/v
    result classroom50 ann.json >result.json
    holds 'keys == (["schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit", "release",
        "review", "datetime", "score", "max-score", "tests"] | sort)' result.json
    holds '.schema == "classroom50/result/v1" and (.assignment_type | IN("individual", "group"))
        and (.submission | test("^submit/")) and all(.classroom, .assignment, .owner, .commit, .release, .review; length > 0)
        and (.datetime | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))' result.json
    holds 'def whole: type == "number" and . >= 0 and . == floor;
        (.score | whole) and (.["max-score"] | whole) and .score <= .["max-score"] and (.tests | length) == 5
        and all(.tests[]; (.["test-name"] | length) > 0 and (.passed | type) == "boolean" and (.score | whole)
            and (.["max-score"] | whole) and .score <= .["max-score"])' result.json
}

@test "tables for Canvas, Moodle and spreadsheets have a line for each, also who couldn't be graded" {
    local name='"ann <b>""o'"'"'neil"""'
    run result csv bob.json ann.json
    assert_equal "$output" '"submission","07-pipes","08-fifos","points","of","score","late","error"
'"$name"',57.14,0,60,155,38.71,10,""
"bob",0,0,0,155,0,10,"tar can'"'"'t read it"'
    run result canvas bob.json ann.json
    assert_equal "$output" '"Student","ID","SIS User ID","SIS Login ID","Section","07-pipes","08-fifos","Score"
"    Points Possible","","","","",100,100,100
'"$name,\"\",\"\",$name"',"",57.14,0,38.71
"bob","","","bob","",0,0,0'
    run result moodle bob.json ann.json
    assert_line --index 0 '"username","07-pipes","08-fifos","score","score (feedback)"'
    assert_line --index 1 --partial "$name,57.14,0,38.71,"
}

@test "a form that there isn't is bad usage" {
    run result ../grade.d/result ann.json
    assert_failure 2
    run result none ann.json
    assert_failure 2
    assert_output --partial "gradescope"
}

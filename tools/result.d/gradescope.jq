# gradescope.jq: results.json. The score is of 100: give the assignment 100 points.
include "common";

.[0] | {
    score: .score,
    execution_time: .seconds,
    output: ([notes, (.exercises[] | select(.compiler != "") | "\(.exercise):\n\(.compiler)")] | join("\n")),
    visibility: "visible",
    stdout_visibility: "hidden",
    extra_data: {kit: .kit, seed: .seed, sandbox: .sandbox, guarantees: .guarantees},
    tests: [.exercises | to_entries[] | .key as $i | .value as $exercise
        | $exercise.tests | to_entries[] | .key as $j | .value
        | {name: "\($exercise.exercise | split("/")[1]): \(.name)",
           score: .points, max_score: .of,
           status: (if .status == "passed" or .status == "skipped" then "passed" else "failed" end),
           output: (if .status == "passed" then "" elif .status == "skipped" then "Skipped: " + .words else .words end),
           number: "\($i + 1).\($j + 1)",
           visibility: (if .hidden then "after_published" else "visible" end)}]
}

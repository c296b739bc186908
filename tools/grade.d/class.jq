# class.jq: grades and an overview of a class, of the lines of digest.jq, all in
# one list. $failed: a line "STUDENT<tab>REASON" for each that wasn't graded.

def not_graded:
    $failed | split("\n") | map(select(. != "") | split("\t"));

def exercises:
    [.[].exercises[].exercise] | unique;

# What a spreadsheet would take for a formula is text.
def cell:
    if type == "string" and test("^[=+@\\t\\r-]") then "'" + . else . end;

def grades:
    exercises as $all
    | (["student"] + $all + ["points", "of", "score", "error"] | @csv),
      (.[] | . as $one | (.exercises | map({(.exercise): .points}) | add // {}) as $points
       | [$one.student] + [$all[] | $points[.]] + [$one.points, $one.of, $one.score, $one.error]
       | map(cell) | @csv),
      (not_graded[] | [.[0]] + [$all[] | null] + [null, null, null, "not graded: " + .[1]]
       | map(cell) | @csv);

def percent($of):
    if $of == 0 then 0 else 100 * . / $of end;

# Of a list of per cents: how many are 0, up to 10, ..., up to 90, less than 100, 100.
def bins:
    reduce (.[] | if . <= 0 then 0 elif . >= 100 then 11 else 1 + (. / 10 | floor) end) as $bin
        ([range(12) | 0]; .[$bin] += 1);

def median:
    sort | if length == 0 then 0 elif length % 2 == 1 then .[length / 2 | floor]
           else (.[length / 2] + .[length / 2 - 1]) / 2 end;

def rounded:
    10 * . | round / 10;

def spread:
    {count: length, mean: ((add // 0) / ([length, 1] | max) | rounded), median: (median | rounded),
     least: (min // 0 | rounded), most: (max // 0 | rounded), bins: bins};

# One for each exercise: its statuses, how the points are spread, what fails most.
def by_exercise:
    . as $class | exercises[] as $name
    | [$class[].exercises[] | select(.exercise == $name)]
    | {exercise: $name, spread: (map(.of as $of | .points | percent($of)) | spread),
       statuses: (group_by(.status) | map({status: .[0].status, count: length}) | sort_by(-.count, .status)),
       fails: ([.[] | select(.status == "graded").tests[]] | group_by(.name)
               | map({name: .[0].name, count: length,
                      timeouts: (map(select(.status == "timeout")) | length)})
               | sort_by(-.count, .name) | .[0:5]),
       graded: (map(select(.status == "graded")) | length)};

# What the tests take for the cause, and what compilers complained of.
def mistakes:
    [.[].exercises[] | .exercise as $exercise
     | (select(.status == "graded") | [.tests[].cause | select(. != "")] | unique[] | {$exercise, what: .}),
       (select(.compiler != "" and .status == "compile error") | {$exercise, what: ("it doesn't compile: " + .compiler)})]
    | group_by([.exercise, .what]) | map({exercise: .[0].exercise, what: .[0].what, count: length})
    | sort_by(-.count, .exercise, .what) | .[0:20];

def bars:
    (max | if . == 0 then 1 else . end) as $most
    | map(if . == 0 then " " else "▁▂▃▄▅▆▇█"[(7 * . / $most | floor):][0:1] end) | join("");

def pad($n):
    tostring | " " * ([$n - length, 0] | max) + .;

def text:
    . as $class | ([by_exercise]) as $exercises
    | "\(length) submissions graded, \(not_graded | length) not.",
      "",
      "Per cent of the points. Each bar: how many have 0, up to 10, ... up to 100, and all.",
      "",
      "mean median  least  most  distribution   exercise",
      (({exercise: "all together", spread: (map(.score) | spread)}, $exercises[])
       | .spread as $s | "\($s.mean | pad(4)) \($s.median | pad(6)) \($s.least | pad(6)) \($s.most | pad(5))  |\($s.bins | bars)| \(.exercise)"),
      "",
      "Tests that fail most, of those whose exercise could be graded",
      ($exercises[] | select(.fails != [])
       | "", "  \(.exercise): \(.graded) graded\([.statuses[] | select(.status != "graded") | ", \(.count) \(.status)"] | join(""))",
         (.graded as $n | .fails[] | "  \(.count | pad(5)) of \($n)  \(.name)\(if .timeouts > 0 then " (\(.timeouts) by timeout)" else "" end)")),
      "",
      "Likely mistakes, by how many made them",
      "",
      (mistakes[] | "  \(.count | pad(5))  \(.exercise): \(.what)"),
      (if not_graded == [] then empty else "", "Not graded", "", (not_graded[] | "  \(.[0]): \(.[1])") end),
      (map(select(.error != "")) | if . == [] then empty
       else "", "Could not be taken", "", (.[] | "  \(.student): \(.error)") end);

def columns:
    map("<td>\(. | tostring | @html)</td>") | join("");

def picture:
    (max | if . == 0 then 1 else . end) as $most
    | to_entries | map("<rect x=\"\(.key * 10)\" width=\"8\" y=\"\(30 - 30 * .value / $most)\" height=\"\(30 * .value / $most)\"><title>\(.value)</title></rect>")
    | "<svg viewBox=\"0 0 120 30\" width=\"120\" height=\"30\" role=\"img\" aria-label=\"\(map(.) | length)\">\(join(""))</svg>";

def html:
    . as $class | ([by_exercise]) as $exercises
    | "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Class overview</title>",
      "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;padding:1rem}",
      "table{border-collapse:collapse;display:block;overflow-x:auto}td,th{padding:.2rem .6rem;text-align:left;vertical-align:top}",
      "tr+tr{border-top:1px solid #8886}rect{fill:#47a}.n{text-align:right}</style></head><body>",
      "<h1>Class overview</h1><p>\(length) submissions graded, \(not_graded | length) not.</p>",
      "<h2>Points, in per cent</h2><p>Bars: how many have 0, up to 10, … up to 100, and all.</p>",
      "<table><tr><th>exercise<th>mean<th>median<th>least<th>most<th>distribution<th></tr>",
      (({exercise: "all together", statuses: [], spread: (map(.score) | spread)}, $exercises[])
       | "<tr>\([.exercise, .spread.mean, .spread.median, .spread.least, .spread.most] | columns)<td>\(.spread.bins | picture)</td>\([[.statuses[] | select(.status != "graded") | "\(.count) \(.status)"] | join(", ")] | columns)</tr>"),
      "</table><h2>Tests that fail most</h2><table><tr><th>exercise<th>test<th>failed<th>of<th>timeouts</tr>",
      ($exercises[] | . as $e | .fails[] | "<tr>\([$e.exercise, .name, .count, $e.graded, .timeouts] | columns)</tr>"),
      "</table><h2>Likely mistakes</h2><table><tr><th>made by<th>exercise<th>mistake</tr>",
      (mistakes[] | "<tr>\([.count, .exercise, .what] | columns)</tr>"),
      "</table><h2>Students</h2><table><tr><th>student<th>points<th>of<th>per cent<th>remark</tr>",
      ($class[] | "<tr>\([.student, .points, .of, .score, .error] | columns)</tr>"),
      (not_graded[] | "<tr>\([.[0], "", "", "", "not graded: " + .[1]] | columns)</tr>"),
      "</table></body></html>";

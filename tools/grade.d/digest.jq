# digest.jq: what the overview of a class needs of one result, without what
# differs from run to run: times, and values that the tests made at random.

# The likely cause is what a test's author wrote, and so is the same for all.
def cause:
    [.words | split("\n") | .[]] as $lines
    | ($lines | map(startswith("likely:")) | index(true)) as $at
    | if $at == null then ""
      else [$lines[$at][11:]] + [$lines[$at + 1:] | label $out | foreach .[] as $line
            (null; $line; if ($line | test("^ {11}")) then $line[11:] else break $out end)]
        | .[-1]
      end;

{student: .submission, error, points, of, score,
 exercises: [.exercises[] | {exercise, status, points, of,
     compiler: (.compiler | [split("\n")[] | select(test("error"))] | (.[0] // "") | sub("^[^ ]*:[0-9]+:[0-9]+: "; "")),
     tests: [.tests[] | select(.status == "failed" or .status == "timeout")
             | {name, status, cause: cause}]}]}

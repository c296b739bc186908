# result.jq: the whole result, from those of the exercises. See RESULT.md.

def lines: split("\n") | map(select(. != ""));

# The mean of the labs' per cents, by their weights.
def score:
    group_by(.exercise | split("/")[0])
    | map({weight: ($weights[.[0].exercise | split("/")[0]] | if . == null then 1 else . end),
           points: (map(.points) | add), of: (map(.of) | add)})
    | map(select(.of > 0))
    | (map(.weight) | add // 0) as $sum
    | if $sum == 0 then 0 else (map(.weight * 100 * .points / .of) | add) / $sum end;

(if $error == "" then . else [] end) as $exercises
| {format: "ipc-labs grade 1", kit: $kit, submission: $name, form: $form, seed: $seed,
   sandbox: $sandbox, guarantees: $guarantees, factor: ($slowness / 100), error: $error,
   points: ($exercises | map(.points) | add // 0), of: ($exercises | map(.of) | add // 0),
   score: ($exercises | score * (100 - $off) / 100 | . * 100 | round / 100),
   late: {hours: $hours, off: $off}, seconds: $seconds, exercises: $exercises,
   ignored: ($ignored | lines),
   refused: ($refused | lines | map(split("\t") | {file: .[0], reason: (.[1] // "")}))}

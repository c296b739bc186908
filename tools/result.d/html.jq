# html.jq: a page for the student. It needs no other file, and no script.
include "common";

def style: "
:root { color-scheme: light dark; --good: #1a7f37; --bad: #c4321c; --dim: #6a737d; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; }
table { border-collapse: collapse; } td { padding: .1rem 1rem .1rem 0; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
meter { width: 10rem; vertical-align: middle; }
details, .test { border-top: 1px solid var(--line); padding: .25rem 0; }
summary, .test { display: flex; gap: .6rem; } summary { cursor: pointer; }
summary b:last-child, .test b:last-child { margin-left: auto; font-weight: normal; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); } .dim { color: var(--dim); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #8881; padding: .6rem; border-radius: 4px; font-size: .85rem; }
footer { margin: 3rem 0; font-size: .85rem; color: var(--dim); }
";

def class: if .status == "passed" then "good" elif .status == "skipped" then "dim" else "bad" end;

def line: "<b class=\"\(class)\">\(mark)</b><span>\(.name | @html)</span><b>\(if .status == "skipped" then "skipped" else "\(.points)/\(.of)" end)</b>";

def test:
    if .status == "passed" or .words == "" then "<div class=\"test\">\(line)</div>"
    else "<details\(if .status == "skipped" then "" else " open" end)><summary>\(line)</summary><pre>\(.words | @html)</pre></details>" end;

def id: .exercise | gsub("/"; "-") | @html;

def exercise:
    "<h2 id=\"\(id)\">\(.exercise | @html): \(.points) of \(.of) points</h2>",
    (status_words | if . == "" then empty else "<p class=\"bad\">\(.[:1] | ascii_upcase)\(.[1:] | @html).</p>" end),
    (if .compiler != "" then "<pre>\(.compiler | @html)</pre>" else empty end),
    (if .status == "graded" then (.tests | shown[] | test) else empty end),
    (.tests | hidden_sum | "<div class=\"test\"><span>\(@html)</span></div>");

.[0] | "<!DOCTYPE html>",
"<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">",
"<title>\(.submission | @html): \(.score | number) %</title><style>\(style)</style></head><body>",
"<h1>\(.submission | @html): \(.score | number) %</h1>",
(notes | "<p class=\"dim\">\(@html)</p>"),
"<table>",
(.exercises[] | "<tr><td><a href=\"#\(id)\">\(.exercise | @html)</a></td><td><meter max=\"\([.of, 1] | max)\" value=\"\(.points)\"></meter></td><td class=\"n\">\(.points) of \(.of)</td><td class=\"dim\">\(status_words | @html)</td></tr>"),
"</table>",
(if ([.exercises[].tests[] | select(.status == "failed" or .status == "timeout")] | length) > 0 then
    "<p>Repair the first <b class=\"bad\">✗</b> first; those after it often go with it.</p>" else empty end),
(.exercises[] | exercise),
"<footer>Graded with kit \(.kit | @html), seed \(.seed), in \(.seconds) s, sandbox: \(.sandbox | @html).\([.guarantees | to_entries[] | select(.value | not) | .key] | if length == 0 then "" else " Not guaranteed there: \(join(", ") | @html)." end)</footer>",
"</body></html>"

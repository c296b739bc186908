# links.awk: which links on the site lead nowhere.
#
# Usage: awk -f links.awk PAGE... <FILES
#
# Run in the site's folder. Standard input has the names of all its files; pages are
# given without "./". Prints "PAGE: LINK: what is wrong", and external links
# as "external LINK".

# a/b/../c: a/c
function normal(path) {
    while (sub(/[^\/]+\/\.\.\//, "", path))
        ;
    return path
}

BEGIN {
    while ((getline name < "-") > 0)
        there[name] = 1
}

{
    rest = $0
    while (match(rest, / id="[^"]*"/)) {
        id = FILENAME "#" substr(rest, RSTART + 5, RLENGTH - 6)
        if (id in ids)
            print id ": that id is there twice"
        ids[id] = 1
        rest = substr(rest, RSTART + RLENGTH)
    }
    rest = $0
    while (match(rest, / (href|src)="[^"]*"/)) {
        target = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^ [a-z]*="/, "", target)
        sub(/"$/, "", target)
        links[FILENAME "\t" target] = 1
    }
}

END {
    for (link in links) {
        split(link, part, "\t")
        page = part[1]
        target = part[2]
        if (target ~ /^data:/)
            continue
        if (target ~ /^[a-z]+:/) {
            print "external " target
            continue
        }
        anchor = ""
        if (k = index(target, "#")) {
            anchor = substr(target, k + 1)
            target = substr(target, 1, k - 1)
        }
        folder = page
        sub(/[^\/]*$/, "", folder)
        file = target == "" ? page : normal(folder target)
        if (!(file in there))
            print page ": " part[2] ": there is no " file
        else if (anchor != "" && !((file "#" anchor) in ids))
            print page ": " part[2] ": there is no such place in it"
    }
}

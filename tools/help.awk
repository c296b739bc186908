# help.awk: prints each target of the Makefile that has a "## what it does".
BEGIN { print "make TARGET, where TARGET is one of:" }
/^##@/ { printf "\n%s\n", substr($0, 5) }
/^[a-z-]+:.*## / {
    target = $0; sub(/:.*/, "", target)
    text = $0; sub(/.*## /, "", text)
    printf "  %-15s %s\n", target, text
}

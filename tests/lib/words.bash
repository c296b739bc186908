# words.bash: what a C library calls an error.

# Copies text, with glibc's words where musl has others for the same errno.
in_glibcs_words() {
    sed 's/Address in use/Address already in use/g
        s/Address not available/Cannot assign requested address/g
        s/Filename too long/File name too long/g
        s/Operation timed out/Connection timed out/g'
}

#!/bin/sh
# Lists what an image holds: docker run --rm -i --entrypoint sh shop < docker/packages.sh
# A line for each package of Debian and of Python, by tabs: of which, name, version, licences as it
# states them. Needs nothing but what Debian's smallest image has.
set -eu

dpkg-query --show --showformat '${Package}\t${Version}\n' | while read -r name version; do
  copyright=/usr/share/doc/$name/copyright
  licences=$(sed -n 's/^License: *//p' "$copyright" 2>/dev/null | sort -u | tr '\n' ';' \
    | sed 's/;$//; s/;/; /g')
  [ -n "$licences" ] || [ ! -e "$copyright" ] || licences="see $copyright"
  printf 'debian\t%s\t%s\t%s\n' "$name" "$version" "${licences:-not said}"
done

find / -xdev -type f -path '*.dist-info/METADATA' 2>/dev/null | sort | while read -r file; do
  awk '
    function also(words) { said = said (said ? "; " : "") words }
    /^$/ { exit }
    /^Name: / { name = $2 }
    /^Version: / { version = $2 }
    /^License(-Expression)?: / { sub(/^[^:]*: */, ""); also($0) }
    /^Classifier: License :: / { sub(/.* :: /, ""); also($0) }
    END { printf "python\t%s\t%s\t%s\n", name, version, said ? said : "not said" }
  ' "$file"
done

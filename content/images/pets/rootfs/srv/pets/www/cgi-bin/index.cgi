#!/bin/sh
# Answers one request with a pet: a page for browsers, plain text for curl and its like.
#   ?pet=cat      this pet instead of any
#   ?as=html|text this form instead of the one that suits the asker
# From the request only words are taken that are listed here: none of it is ever printed.

pets='cat dog rabbit hedgehog fox turtle owl fish penguin frog'
home=${PETS_HOME:-/srv/pets}

# Prints $1 with the characters that mean something to HTML made harmless.
escaped() {
    rest=$1
    while [ -n "$rest" ]; do
        after=${rest#?}
        case $rest in
            '&'*) printf '&amp;' ;;
            '<'*) printf '&lt;' ;;
            '>'*) printf '&gt;' ;;
            '"'*) printf '&quot;' ;;
            *) printf '%s' "${rest%"$after"}" ;;
        esac
        rest=$after
    done
}

# Sets `value` to what the query says for the name $1; empty if it says nothing.
parameter() {
    value=
    case "&$QUERY_STRING" in
        *"&$1="*)
            value="&$QUERY_STRING"
            value=${value#*"&$1="}
            value=${value%%&*}
            ;;
    esac
}

parameter pet
pet=
for name in $pets; do
    if [ "$name" = "$value" ]; then pet=$name; fi
done
if [ -z "$pet" ]; then
    set -- $pets
    shift $((RANDOM % $#))
    pet=$1
fi

parameter as
case "$value|$HTTP_USER_AGENT|$HTTP_ACCEPT" in
    html'|'*) form=html ;;
    text'|'*) form=text ;;
    *'|'Lynx/* | *'|'w3m/* | *'|'Links\ * | *'|'ELinks/*) form=text ;;
    *text/html*) form=html ;;
    *) form=text ;;
esac
case $form in
    html) type=text/html ;;
    text) type=text/plain ;;
esac
case $VERSION in
    2.*) look=night ;;
    *) look=day ;;
esac

printf '%s\r\n' "Content-Type: $type; charset=utf-8" 'Cache-Control: no-store' "X-Served-By: $HOSTNAME" 'Connection: close' ''
if [ "$REQUEST_METHOD" = HEAD ]; then exit; fi

{
    IFS= read -r caption # the first line; the drawing follows
    if [ "$form" = text ]; then
        if [ "$look" = night ]; then printf '\n   *    .       *   .        *      .    *        .      *   .     *\n'; fi
        cat
    fi
} < "$home/drawings/$pet.txt"

if [ "$form" = text ]; then
    printf '\n  %s\n  served by %s%s · pets %s\n' "$caption" "$HOSTNAME" "${NODE_NAME:+ on $NODE_NAME}" "$VERSION"
    exit
fi

container=$(escaped "$HOSTNAME")
version=$(escaped "$VERSION")
node=
if [ -n "$NODE_NAME" ]; then node="
<div><dt>node</dt><dd>$(escaped "$NODE_NAME")</dd></div>"; fi

printf '<!doctype html>
<html lang="en" class="%s">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s · pets %s</title>
<link rel="icon" href="data:,">
<style>
' "$look" "$pet" "$version"
cat "$home/page.css"
printf '</style>
</head>
<body>
<main>
<figure>
'
if [ "$look" = night ]; then set -- "$home/hat.svg"; else set --; fi
cat "$@" "$home/drawings/$pet.svg"
printf '</figure>
<section>
<p class="caption">%s</p>
<dl>
<div><dt>container</dt><dd>%s</dd></div>%s
<div class="version"><dt>pets</dt><dd>%s</dd></div>
</dl>
<a class="button" href="./" autofocus>Another pet</a>
</section>
</main>
</body>
</html>
' "$caption" "$container" "$node" "$version"

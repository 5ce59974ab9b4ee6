# Completion of liaison for bash, made of the program's own tables of commands and options.
@TABLES@

# The connectors of the project in a folder.
_liaison_connectors() {
    local path
    for path in "$1"/connectors/*.lua "$1"/connectors/*/init.lua; do
        [ -e "$path" ] || continue
        path=${path%/init.lua}
        path=${path##*/}
        echo "${path%.lua}"
    done
}

# Fills COMPREPLY with values of a kind that begin like a word.
_liaison_fill() {
    local kind=$1 word=$2 directory=$3
    case $kind in
    file | data | path | folder) compopt -o filenames 2>/dev/null ;;
    key) compopt -o nospace 2>/dev/null ;;
    esac
    case $kind in
    file) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    path) mapfile -t COMPREPLY < <(compgen -d -- "$word"; compgen -f -X '!*.lua' -- "$word") ;;
    data) [[ $word != @* ]] || mapfile -t COMPREPLY < <(compgen -P @ -f -- "${word#@}") ;;
    connector) mapfile -t COMPREPLY < <(compgen -W "$(_liaison_connectors "$directory")" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$(_liaison_words "$kind")" -- "$word") ;;
    esac
}

# bash splits words at = : and @ too, which are put together again: --url=http://HOST is one.
_liaison() {
    local word='' before='' last command='' directory=. kind='' n_operands=0 i
    local -a words=() operands
    COMPREPLY=()
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ ${#words[@]} -gt 0 && ($word == [=:]* || $before == *[=:@]) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
        before=${words[-1]}
    done

    word=${words[-1]}
    unset 'words[-1]'
    last=$word
    for word in "${words[@]}"; do
        if [ -n "$kind" ]; then
            [ "$kind" != folder ] || directory=$word
            kind=
        elif [[ $word == -*=* ]]; then
            [[ $word != --directory=* ]] || directory=${word#*=}
        elif [[ $word == -* ]]; then
            kind=$(_liaison_value "$command" "$word")
        elif [ -n "$(_liaison_commands "$command")" ]; then
            command=${command:+$command }$word
        else
            n_operands=$((n_operands + 1))
        fi
    done

    if [ -n "$kind" ]; then
        _liaison_fill "$kind" "$last" "$directory"
    elif [[ $last == --*=* ]]; then
        kind=$(_liaison_value "$command" "${last%%=*}")
        [ -z "$kind" ] || _liaison_fill "$kind" "${last#*=}" "$directory"
    elif [[ $last == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_liaison_options "$command")" -- "$last")
    elif [ -n "$(_liaison_commands "$command")" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_liaison_commands "$command")" -- "$last")
    else
        read -ra operands < <(_liaison_operands "$command")
        [ ${#operands[@]} -gt 0 ] || return
        [ "$n_operands" -lt ${#operands[@]} ] || n_operands=$((${#operands[@]} - 1))
        _liaison_fill "${operands[n_operands]}" "$last" "$directory"
    fi
}

complete -F _liaison liaison

# Completion of liaison for fish, made of the program's own tables of commands and options.

# The command that the words so far name, in its first line; then a line for each operand.
function __liaison_read
    set -l command
    set -l operands
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
        else if string match -q -- '-*' $word
            contains -- (string trim "$command $word") $__liaison_valued
            and set skip 1
        else if contains -- (string trim "$command $word") $__liaison_names
            set command (string trim "$command $word")
        else
            set -a operands $word
        end
    end
    echo "$command"
    string join \n -- $operands
end

# Whether the words so far name this command.
function __liaison_is
    test (__liaison_read)[1] = "$argv"
end

# Whether so many operands stand behind it.
function __liaison_has
    set -l words (__liaison_read)
    test (math (count $words) - 1) = $argv[1]
end

# The connectors of the project.
function __liaison_connectors
    set -l folder .
    set -l words (commandline -opc)
    for i in (seq (count $words))
        contains -- $words[$i] -C --directory
        and set folder $words[(math $i + 1)]
    end
    for path in $folder/connectors/*.lua $folder/connectors/*/init.lua
        string replace -r '(/init)?\.lua$' '' -- $path | string replace -r '.*/' ''
    end
end

# JSON, which nobody knows, or @FILE.
function __liaison_data
    string match -q -- '@*' (commandline -ct)
    and string replace -r '^' '@' -- (__fish_complete_path (string sub -s 2 -- (commandline -ct)))
end

complete -c liaison -f
@TABLES@

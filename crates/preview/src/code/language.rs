//! What tells the parts of a language apart: its comments, its quotes, its words.

/// How a language is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Statements and calls.
    Code,
    /// Names and values.
    Keys,
    /// Tags and what is between them.
    Tags,
    /// Lines that are added and taken away.
    Patch,
}

/// How far a quote that is not closed goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It is one only if it is closed after a character.
    Character,
    /// To the end of its line.
    Line,
    /// Over lines.
    Lines,
}

/// A text's quotes.
#[derive(Debug)]
pub struct Quote {
    pub mark: &'static str,
    pub reach: Reach,
    /// Whether what follows a backslash ends nothing.
    pub escapes: bool,
}

/// A language.
#[derive(Debug)]
pub struct Language {
    /// What it is called.
    pub name: &'static str,
    /// Words for it: of a code block, and what file names end in.
    pub known_as: &'static str,
    pub style: Style,
    /// What begins a comment that ends with its line.
    pub lines: &'static [&'static str],
    /// What begins and ends a comment over lines.
    pub blocks: &'static [(&'static str, &'static str)],
    /// The longer before the shorter.
    pub quotes: &'static [Quote],
    /// In lower case where capitals do not matter.
    pub keywords: &'static str,
    pub any_case: bool,
}

impl Language {
    /// The language of this word.
    pub fn of_word(word: &str) -> Option<&'static Self> {
        let word = word.to_ascii_lowercase();
        Self::ALL.iter().find(|language| language.known_as.split(' ').any(|known| known == word))
    }

    /// The language that a file's name tells: by what it ends in, else by the whole of it.
    pub fn of_file(name: &str) -> Option<&'static Self> {
        let (start, end) = name.rsplit_once('.').unwrap_or((name, name));
        Self::of_word(end).or_else(|| Self::of_word(start))
    }
}

const fn quote(mark: &'static str, reach: Reach) -> Quote {
    Quote { mark, reach, escapes: true }
}

const fn raw(mark: &'static str, reach: Reach) -> Quote {
    Quote { mark, reach, escapes: false }
}

const DOUBLE: Quote = quote("\"", Reach::Line);
const SINGLE: Quote = quote("'", Reach::Line);
const CHARACTER: Quote = quote("'", Reach::Character);
const C_QUOTES: &[Quote] = &[DOUBLE, CHARACTER];
const BOTH: &[Quote] = &[DOUBLE, SINGLE];
const TRIPLE: &[Quote] = &[quote("\"\"\"", Reach::Lines), quote("'''", Reach::Lines), DOUBLE, SINGLE];
const SCRIPT: &[Quote] = &[DOUBLE, SINGLE, quote("`", Reach::Lines)];
const SHELL: &[Quote] = &[quote("\"", Reach::Lines), raw("'", Reach::Lines)];
const DOUBLED: &[Quote] = &[raw("'", Reach::Lines), raw("\"", Reach::Lines)];
const SLASHES: &[&str] = &["//"];
const HASH: &[&str] = &["#"];
const C_BLOCK: &[(&str, &str)] = &[("/*", "*/")];

const CODE: Language = Language {
    name: "",
    known_as: "",
    style: Style::Code,
    lines: SLASHES,
    blocks: C_BLOCK,
    quotes: C_QUOTES,
    keywords: "",
    any_case: false,
};
const HASHED: Language = Language { lines: HASH, blocks: &[], quotes: BOTH, ..CODE };
const KEYS: Language = Language { style: Style::Keys, keywords: "true false null yes no on off", ..HASHED };
const TAGS: Language = Language { style: Style::Tags, lines: &[], blocks: &[("<!--", "-->")], quotes: DOUBLED, ..CODE };

impl Language {
    /// Every language that is known.
    pub const ALL: &[Language] = &[
        Language {
            name: "Rust",
            known_as: "rust rs",
            quotes: &[quote("\"", Reach::Lines), CHARACTER],
            keywords: "as async await bool break char const continue crate dyn else enum extern f32 f64 false fn for i8 \
                i16 i32 i64 i128 if impl in isize let loop match mod move mut pub ref return self Self static str struct \
                super trait true type u8 u16 u32 u64 u128 union unsafe use usize where while",
            ..CODE
        },
        Language {
            name: "C and C++",
            known_as: "c_cpp c cc cpp cxx h hh hpp hxx ino",
            keywords: "alignas alignof auto bool break case catch char class co_await co_return co_yield concept const \
                consteval constexpr const_cast continue decltype default define delete do double dynamic_cast else endif \
                enum explicit export extern false float for friend goto if ifdef ifndef include inline int long mutable \
                namespace new noexcept nullptr NULL operator pragma private protected public register reinterpret_cast \
                requires return short signed size_t sizeof static static_assert static_cast struct switch template this \
                throw true try typedef typename undef union unsigned using virtual void volatile while",
            ..CODE
        },
        Language {
            name: "C#",
            known_as: "csharp cs",
            keywords: "abstract as async await base bool break byte case catch char checked class const continue decimal \
                default delegate do double else enum event explicit extern false finally fixed float for foreach get goto \
                if implicit in init int interface internal is lock long namespace new null object operator out override \
                params private protected public readonly record ref return sbyte sealed set short sizeof static string \
                struct switch this throw true try typeof uint ulong unchecked unsafe ushort using var virtual void \
                volatile when where while yield",
            ..CODE
        },
        Language {
            name: "Java",
            known_as: "java",
            quotes: &[quote("\"\"\"", Reach::Lines), DOUBLE, CHARACTER],
            keywords: "abstract assert boolean break byte case catch char class const continue default do double else enum \
                extends false final finally float for goto if implements import instanceof int interface long native new \
                null package private protected public record return sealed short static strictfp super switch \
                synchronized this throw throws transient true try var void volatile while yield",
            ..CODE
        },
        Language {
            name: "JavaScript",
            known_as: "javascript js mjs cjs jsx node",
            quotes: SCRIPT,
            keywords: "async await break case catch class const continue debugger default delete do else export extends \
                false finally for from function get if import in instanceof let new null of return set static super \
                switch this throw true try typeof undefined var void while with yield",
            ..CODE
        },
        Language {
            name: "TypeScript",
            known_as: "typescript ts mts cts tsx",
            quotes: SCRIPT,
            keywords: "abstract any as async await boolean break case catch class const continue declare default delete do \
                else enum export extends false finally for from function get if implements import in infer instanceof \
                interface is keyof let module namespace never new null number object of private protected public \
                readonly return satisfies set static string super switch symbol this throw true try type typeof \
                undefined unknown var void while yield",
            ..CODE
        },
        Language {
            name: "ActionScript",
            known_as: "actionscript as",
            quotes: BOTH,
            keywords: "as break case catch class const continue default delete do dynamic else extends false final finally \
                for function get if implements import in instanceof interface internal is namespace native new null \
                override package private protected public return set static super switch this throw true try typeof use \
                var void while with",
            ..CODE
        },
        Language {
            name: "Go",
            known_as: "golang go",
            quotes: &[DOUBLE, CHARACTER, raw("`", Reach::Lines)],
            keywords: "any bool break byte case chan complex64 complex128 const continue default defer else error \
                fallthrough false float32 float64 for func go goto if import int int8 int16 int32 int64 interface iota \
                map nil package range return rune select string struct switch true type uint uint8 uint16 uint32 uint64 \
                uintptr var",
            ..CODE
        },
        Language {
            name: "Kotlin",
            known_as: "kotlin kt kts",
            quotes: &[quote("\"\"\"", Reach::Lines), DOUBLE, CHARACTER],
            keywords: "abstract as break by catch class companion const constructor continue data do else enum false final \
                finally for fun get if import in init inline interface internal is lateinit null object open operator \
                out override package private protected public return sealed set super suspend this throw true try \
                typealias val var vararg when where while",
            ..CODE
        },
        Language {
            name: "Swift",
            known_as: "swift",
            quotes: &[quote("\"\"\"", Reach::Lines), DOUBLE],
            keywords: "actor as associatedtype async await break case catch class continue default defer deinit do else \
                enum extension fallthrough false fileprivate final for func guard if import in init inout internal is \
                let nil open operator override private protocol public repeat rethrows return self Self static struct \
                subscript super switch throw throws true try typealias var where while",
            ..CODE
        },
        Language {
            name: "Scala",
            known_as: "scala sc",
            quotes: &[quote("\"\"\"", Reach::Lines), DOUBLE, CHARACTER],
            keywords: "abstract case catch class def do else enum export extends extension false final finally for given if \
                implicit import lazy match new null object override package private protected return sealed super then \
                this throw trait true try type using val var while with yield",
            ..CODE
        },
        Language {
            name: "Dart",
            known_as: "dart",
            quotes: TRIPLE,
            keywords: "abstract as assert async await base break case catch class const continue covariant default deferred \
                do dynamic else enum export extends extension external factory false final finally for get if implements \
                import in interface is late library mixin new null on operator part required rethrow return sealed set \
                static super switch sync this throw true try typedef var void when while with yield",
            ..CODE
        },
        Language {
            name: "Groovy",
            known_as: "groovy gradle",
            quotes: TRIPLE,
            keywords: "abstract as assert boolean break byte case catch char class continue def default do double else enum \
                extends false final finally float for if implements import in instanceof int interface long new null \
                package private protected public return short static super switch this throw throws trait true try var \
                void while",
            ..CODE
        },
        Language {
            name: "D",
            known_as: "d",
            quotes: &[DOUBLE, CHARACTER, raw("`", Reach::Lines)],
            keywords: "abstract alias align assert auto bool body break byte case cast catch char class const continue \
                debug default delegate delete do double else enum export extern false final finally float for foreach \
                function goto if immutable import in inout int interface invariant is lazy long mixin module new null \
                out override package private protected public pure real ref return scope shared short static string \
                struct super switch template this throw true try typeof ubyte uint ulong union unittest ushort version \
                void while with",
            ..CODE
        },
        Language {
            name: "Objective-C",
            known_as: "objectivec m mm",
            keywords: "autoreleasepool BOOL break case catch char class const continue default do double dynamic else end \
                enum extern finally float for goto id if implementation import in include inline instancetype int \
                interface long nil NO nonatomic optional private property protected protocol public required return \
                selector self short signed sizeof static strong struct super switch synchronized synthesize throw try \
                typedef union unsigned void volatile weak while YES",
            ..CODE
        },
        Language {
            name: "PHP",
            known_as: "php php3 php4 php5 phtml",
            lines: &["//", "#"],
            quotes: &[quote("\"", Reach::Lines), quote("'", Reach::Lines)],
            keywords: "abstract and array as break callable case catch class clone const continue declare default do echo \
                else elseif empty endfor endforeach endif endwhile enum exit extends false final finally fn for foreach \
                function global goto if implements include include_once instanceof insteadof interface isset list match \
                namespace new null or php print private protected public readonly require require_once return static \
                switch throw trait true try unset use var while xor yield",
            any_case: true,
            ..CODE
        },
        Language {
            name: "CSS",
            known_as: "css sass scss less",
            style: Style::Keys,
            lines: &[],
            quotes: BOTH,
            keywords: "important media import font-face keyframes supports include mixin extend",
            ..CODE
        },
        Language {
            name: "Python",
            known_as: "python py pyi pyw",
            quotes: TRIPLE,
            keywords: "and as assert async await break case class continue def del elif else except False finally for from \
                global if import in is lambda match None nonlocal not or pass raise return self True try while with \
                yield",
            ..HASHED
        },
        Language {
            name: "Ruby",
            known_as: "ruby rb rake gemspec gemfile rakefile",
            blocks: &[("=begin", "=end")],
            keywords: "alias and begin break case class def defined do else elsif end ensure false for if in module next \
                nil not or private protected public raise redo require rescue retry return self super then true undef \
                unless until when while yield",
            ..HASHED
        },
        Language {
            name: "Perl",
            known_as: "perl pl pm t",
            keywords: "and cmp continue defined delete die do each else elsif eq eval exists for foreach ge given goto gt \
                if keys last le local lt my ne next no not or our package print push qw redo ref require return shift \
                sub undef unless until use values wantarray when while xor",
            ..HASHED
        },
        Language {
            name: "Shell",
            known_as: "sh bash zsh ksh bashrc profile zshrc",
            quotes: SHELL,
            keywords: "alias break case cd continue declare do done echo elif else esac eval exec exit export fi for \
                function if in local printf read readonly return select set shift source test then time trap unset until \
                while",
            ..HASHED
        },
        Language {
            name: "PowerShell",
            known_as: "powershell ps1 psm1 psd1",
            blocks: &[("<#", "#>")],
            quotes: DOUBLED,
            keywords: "begin break catch class continue data do dynamicparam else elseif end enum exit filter finally for \
                foreach from function if in param process return switch throw trap try until using while",
            any_case: true,
            ..HASHED
        },
        Language {
            name: "Windows batch",
            known_as: "bat cmd batchfile",
            lines: &["::", "REM ", "rem "],
            quotes: &[raw("\"", Reach::Line)],
            keywords: "call cd cls copy defined del do echo else endlocal errorlevel exist exit for goto if in md mkdir \
                move not off on pause rd ren set setlocal shift start title type",
            any_case: true,
            ..HASHED
        },
        Language {
            name: "R",
            known_as: "r",
            keywords: "break else FALSE for function if in Inf library NA NaN next NULL repeat return TRUE while",
            ..HASHED
        },
        Language {
            name: "Julia",
            known_as: "julia jl",
            blocks: &[("#=", "=#")],
            lines: HASH,
            quotes: &[quote("\"\"\"", Reach::Lines), DOUBLE, CHARACTER],
            keywords: "abstract baremodule begin break catch const continue do else elseif end export false finally for \
                function global if import in isa let local macro module mutable nothing primitive quote return struct \
                true try type using where while",
            ..CODE
        },
        Language {
            name: "Elixir",
            known_as: "elixir ex exs",
            quotes: TRIPLE,
            keywords: "after and case catch cond def defimpl defmacro defmodule defp defprotocol defstruct do else end false \
                fn for if import in nil not or quote raise receive require rescue return super true try unless unquote \
                use when with",
            ..HASHED
        },
        Language {
            name: "Make",
            known_as: "makefile mk gnumakefile",
            quotes: BOTH,
            keywords: "define else endef endif export ifdef ifeq ifndef ifneq include override private undefine vpath",
            ..HASHED
        },
        Language {
            name: "Dockerfile",
            known_as: "dockerfile containerfile",
            keywords: "add arg as cmd copy entrypoint env expose from healthcheck label maintainer onbuild run shell \
                stopsignal user volume workdir",
            any_case: true,
            ..HASHED
        },
        Language {
            name: "Tcl",
            known_as: "tcl",
            quotes: &[quote("\"", Reach::Lines)],
            keywords: "after array break catch continue else elseif error eval exit expr for foreach global if incr \
                lappend lindex list namespace proc puts regexp return set string switch then unset uplevel upvar \
                variable while",
            ..HASHED
        },
        Language { name: "YAML", known_as: "yaml yml", quotes: &[DOUBLE, raw("'", Reach::Line)], ..KEYS },
        Language {
            name: "JSON",
            known_as: "json jsonl ndjson webmanifest map ipynb har",
            lines: &[],
            quotes: &[DOUBLE],
            ..KEYS
        },
        Language { name: "TOML", known_as: "toml lock", quotes: TRIPLE, ..KEYS },
        Language {
            name: "Properties",
            known_as: "properties ini conf cfg env",
            lines: &["#", ";"],
            quotes: &[DOUBLE],
            ..KEYS
        },
        Language {
            name: "Terraform",
            known_as: "terraform tf hcl tfvars",
            lines: &["#", "//"],
            blocks: C_BLOCK,
            quotes: &[DOUBLE],
            keywords: "check data dynamic else false for for_each if in locals module moved null output provider required \
                resource terraform true variable",
            ..KEYS
        },
        Language { name: "HTML", known_as: "html htm xhtml vue svelte", ..TAGS },
        Language { name: "XML", known_as: "xml svg xsl xsd rss atom plist csproj pom", ..TAGS },
        Language { name: "Patch", known_as: "diff patch", style: Style::Patch, ..CODE },
        Language {
            name: "SQL",
            known_as: "sql psql mysql",
            lines: &["--"],
            quotes: DOUBLED,
            keywords: "add all alter and as asc begin between by case check column commit constraint create cross database \
                default delete desc distinct drop else end exists foreign from full function grant group having if in \
                index inner insert into is join key left like limit not null offset on or order outer primary procedure \
                references return returning right rollback select set table then transaction trigger union unique update \
                using values view when where with",
            any_case: true,
            ..CODE
        },
        Language {
            name: "Lua",
            known_as: "lua",
            lines: &["--"],
            blocks: &[("--[[", "]]")],
            quotes: BOTH,
            keywords: "and break do else elseif end false for function goto if in local nil not or repeat return then true \
                until while",
            ..CODE
        },
        Language {
            name: "Haskell",
            known_as: "haskell hs elm",
            lines: &["--"],
            blocks: &[("{-", "-}")],
            keywords: "as case class data default deriving do else exposing foreign forall hiding if import in infix infixl \
                infixr instance let module newtype of port qualified then type where",
            ..CODE
        },
        Language {
            name: "Ada",
            known_as: "ada adb ads",
            lines: &["--"],
            blocks: &[],
            quotes: &[raw("\"", Reach::Line), raw("'", Reach::Character)],
            keywords: "abort abs abstract accept access aliased all and array at begin body case constant declare delay \
                delta digits do else elsif end entry exception exit for function generic goto if in interface is limited \
                loop mod new not null of or others out overriding package pragma private procedure protected raise range \
                record rem renames return reverse select separate some subtype synchronized tagged task terminate then \
                type until use when while with xor",
            any_case: true,
            ..CODE
        },
        Language {
            name: "Pascal",
            known_as: "pascal pas pp dpr",
            blocks: &[("(*", "*)"), ("{", "}")],
            quotes: &[raw("'", Reach::Line)],
            keywords: "and array as asm begin case class const constructor destructor div do downto else end except \
                exports false file finalization finally for function goto if implementation in inherited initialization \
                inline interface is label library mod nil not object of or packed private procedure program property \
                protected public raise record repeat set shl shr string then threadvar to true try type unit until uses \
                var while with xor",
            any_case: true,
            ..CODE
        },
        Language {
            name: "F# and OCaml",
            known_as: "fsharp fs fsx fsi ocaml ml mli",
            blocks: &[("(*", "*)")],
            quotes: &[quote("\"\"\"", Reach::Lines), quote("\"", Reach::Lines), CHARACTER],
            keywords: "abstract and as async begin class default do done downcast downto elif else end exception extern \
                false finally for fun function functor if in include inherit inline interface internal let match member \
                method module mutable namespace new null object of open or override private public rec return sig static \
                struct task then to true try type use val void when while with yield",
            ..CODE
        },
        Language {
            name: "Erlang",
            known_as: "erlang erl hrl",
            lines: &["%"],
            blocks: &[],
            quotes: BOTH,
            keywords: "after and andalso band begin bnot bor bsl bsr bxor case catch define div end export fun if import \
                include module not of or orelse receive record rem spec try type when xor",
            ..CODE
        },
        Language {
            name: "Prolog",
            known_as: "prolog pro",
            lines: &["%"],
            quotes: BOTH,
            keywords: "assert dynamic fail findall is mod module not once retract true use_module",
            ..CODE
        },
        Language {
            name: "MATLAB",
            known_as: "matlab",
            lines: &["%"],
            blocks: &[("%{", "%}")],
            quotes: &[DOUBLE, raw("'", Reach::Character)],
            keywords: "break case catch classdef continue else elseif end false for function global if methods otherwise \
                parfor persistent properties return spmd switch true try while",
            ..CODE
        },
        Language {
            name: "Lisp",
            known_as: "lisp lsp cl el scheme scm ss clj cljs edn",
            lines: &[";"],
            blocks: &[("#|", "|#")],
            quotes: &[quote("\"", Reach::Lines)],
            keywords: "and begin case cond def define defmacro defn defun defvar do else fn if lambda let letrec loop nil \
                not ns or progn quote recur set setf setq t unless when",
            ..CODE
        },
        Language {
            name: "Fortran",
            known_as: "fortran f90 f95 f03 f08 f for",
            lines: &["!"],
            blocks: &[],
            quotes: &[raw("\"", Reach::Line), raw("'", Reach::Line)],
            keywords: "allocatable allocate call case character complex contains continue cycle deallocate dimension do \
                double else elseif end enddo endif exit function goto if implicit in inout integer intent interface \
                kind logical module none only out parameter pointer precision print procedure program pure read real \
                recursive result return save select stop subroutine target then type use where while write",
            any_case: true,
            ..CODE
        },
        Language {
            name: "COBOL",
            known_as: "cobol cob cbl cpy",
            lines: &["*>"],
            blocks: &[],
            quotes: &[raw("\"", Reach::Line), raw("'", Reach::Line)],
            keywords: "accept add by call close compute data delete display divide division else end evaluate exit file from \
                giving go goback identification if input into is move multiply not of open output perform pic picture \
                procedure program read record returning rewrite run section select stop string subtract then thru times to \
                until using value varying when with working write zero",
            any_case: true,
            ..CODE
        },
        Language {
            name: "ABAP",
            known_as: "abap",
            lines: &["\""],
            blocks: &[],
            quotes: &[raw("'", Reach::Line), raw("`", Reach::Line)],
            keywords: "and append as assign at begin break call case catch check class clear concatenate continue data \
                define delete do else elseif end endcase endclass enddo endform endif endloop endmethod endtry endwhile \
                exception exit export field-symbols form from function if implementation import in initial insert into is \
                loop method methods modify move not of or order perform public raise read report return select sort \
                split table then to try type types uppercase value when where while with write",
            any_case: true,
            ..CODE
        },
        Language {
            name: "Visual Basic",
            known_as: "vbscript vbs vb vba bas",
            lines: &["'"],
            blocks: &[],
            quotes: &[raw("\"", Reach::Line)],
            keywords: "and as boolean byref byval call case class const dim do each else elseif empty end erase error exit \
                explicit false for function get if in integer is let loop me mod new next not nothing null object on \
                option or private property public randomize redim rem resume select set static step string sub then to \
                true until wend while with xor",
            any_case: true,
            ..CODE
        },
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_word_is_known_for_one_language_alone() {
        let mut seen = HashSet::new();
        for word in Language::ALL.iter().flat_map(|language| language.known_as.split(' ')) {
            assert!(seen.insert(word), "{word} stands for two");
            assert_eq!(word, word.to_ascii_lowercase());
        }
    }

    #[test]
    fn every_subtype_of_a_code_block_is_known_but_prose() {
        let subtypes = "abap actionscript ada c_cpp csharp cobol d dart pascal dockerfile elixir elm erlang fsharp fortran \
            golang groovy haskell java javascript julia kotlin lisp lua matlab objectivec php perl prolog properties python \
            r ruby rust sql sass scala scheme sh swift tcl terraform toml typescript vbscript xml";
        for word in subtypes.split_whitespace() {
            assert!(Language::of_word(word).is_some(), "{word}");
        }
        assert!(Language::of_word("").is_none() && Language::of_word("markdown").is_none());
    }

    #[test]
    fn a_file_is_known_by_its_end_or_by_its_whole_name() {
        let name = |file| Language::of_file(file).map(|language| language.name);
        assert_eq!(name("a.b.RS"), Some("Rust"));
        assert_eq!((name("Dockerfile"), name("Dockerfile.prod")), (Some("Dockerfile"), Some("Dockerfile")));
        assert_eq!((name(".bashrc"), name("notes.txt"), name("")), (Some("Shell"), None, None));
    }

    #[test]
    fn where_capitals_do_not_matter_the_words_are_in_lower_case() {
        for language in Language::ALL.iter().filter(|language| language.any_case) {
            assert_eq!(language.keywords, language.keywords.to_ascii_lowercase(), "{}", language.name);
        }
    }
}

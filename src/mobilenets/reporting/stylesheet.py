"""How a report looks: on a desk, on a phone, in the dark and on paper."""

from mobilenets.reporting.palette import COLOURS


def stylesheet() -> str:
    """The style sheet of a page. Paper is always printed in the light colours."""
    light = "".join(f"--{colour.name}:{colour.light};" for colour in COLOURS)
    dark = "".join(f"--{colour.name}:{colour.dark};" for colour in COLOURS)
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{_RULES}{_PRINT}"
    )


_RULES = """\
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
 "Noto Sans","Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
main{max-width:64rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1,h2,h3{line-height:1.25;text-wrap:balance;break-after:avoid}
h1{font-size:1.75rem;font-weight:650;letter-spacing:-.015em;margin:0}
h2{font-size:1.2rem;font-weight:650;margin:2.75rem 0 .75rem;padding-top:1.1rem;border-top:1px solid var(--line)}
h3{font-size:1rem;font-weight:650;margin:1.75rem 0 .5rem}
p{margin:.5rem 0 1rem;max-width:46rem}
.subtitle{color:var(--muted);margin:.35rem 0 0}
.contents{margin:1.25rem 0 0;font-size:.9rem;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}
a{color:var(--blue);text-decoration-thickness:1px;text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
pre{margin:.75rem 0 1rem;padding:.7rem .9rem;background:var(--card);border-radius:.4rem;
 font:.85rem/1.5 ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace;
 white-space:pre-wrap;overflow-wrap:anywhere}
.notice{border-left:3px solid var(--orange);background:var(--card);padding:.6rem .9rem;border-radius:0 .4rem .4rem 0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.7rem;margin:1.25rem 0}
.facts div{background:var(--card);border-radius:.5rem;padding:.65rem .85rem;break-inside:avoid}
.facts dt{color:var(--muted);font-size:.8rem;line-height:1.35}
.facts dd{margin:.1rem 0 0;font-size:1.3rem;font-weight:600;line-height:1.35;overflow-wrap:anywhere;
 font-variant-numeric:tabular-nums}
.facts.compact{display:block;columns:20rem;column-gap:2.5rem}
.facts.compact div{background:none;border-radius:0;padding:.3rem 0;border-bottom:1px solid var(--line);
 display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
.facts.compact dt{flex:none;max-width:60%;font-size:.875rem}
.facts.compact dd{margin:0;font-size:.875rem;font-weight:500;text-align:right;min-width:0}
.table{margin:1rem 0 1.25rem}
.table figcaption{margin:0 0 .4rem}
.scroll{overflow:auto;max-height:min(36rem,80vh)}
table{border-collapse:separate;border-spacing:0;font-size:.9rem;line-height:1.4}
th,td{padding:.38rem 1.4rem .38rem 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--line);
 max-width:min(24rem,60vw)}
th:last-child,td:last-child{padding-inline-end:.25rem}
thead th{position:sticky;top:0;background:var(--paper);color:var(--muted);font-weight:500;font-size:.825rem;
 vertical-align:bottom}
tbody th{font-weight:500}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
figure{margin:1.25rem 0;break-inside:avoid}
figcaption{color:var(--muted);font-size:.875rem;line-height:1.45;max-width:46rem;margin-top:.5rem}
.row{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:flex-start}
.picture{overflow-x:auto;flex:1 1 calc(var(--natural,40rem)*.85);min-width:0;
 max-width:min(100%,var(--natural,100%)*1.1)}
.picture svg,.picture img{display:block;width:100%;height:auto}
.picture svg{min-width:calc(var(--natural)*.68);overflow:visible;stroke-linejoin:round}
.picture img{max-width:max-content}
.picture text{font-family:inherit!important;font-variant-numeric:tabular-nums}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.75rem,1fr));gap:1.1rem .9rem;margin:1.25rem 0;
 padding:0;list-style:none}
.gallery li{break-inside:avoid;min-width:0}
.gallery img{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--card);border-radius:.4rem}
.gallery.large{grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr))}
.gallery.large img{aspect-ratio:4/3}
.gallery span{display:block;font-size:.8rem;line-height:1.4;color:var(--muted);overflow-wrap:anywhere}
.gallery img+span{margin-top:.35rem;color:var(--ink);font-weight:600}
@media(max-width:36rem){
 main{padding:1.5rem 1rem 3rem}
 h1{font-size:1.45rem}
 .facts:not(.compact){grid-template-columns:1fr 1fr;gap:.5rem}
 .facts dd{font-size:1.1rem}
 .gallery:not(.large){grid-template-columns:repeat(auto-fill,minmax(7.25rem,1fr))}
}
"""

_PRINT = """\
@media print{
 @page{margin:16mm}
 body{font-size:10pt}
 main{max-width:none;padding:0}
 .contents{display:none}
 .scroll{max-height:none;overflow:visible}
 thead th{position:static}
 thead{display:table-header-group}
 tr{break-inside:avoid}
 .picture{overflow:visible;flex-basis:calc(var(--natural,40rem)*.7)}
 .picture svg{min-width:0;max-height:23cm}
 .facts div,.notice,pre{background:none;border:1px solid var(--line)}
 a{color:inherit;text-decoration:none}
}
"""

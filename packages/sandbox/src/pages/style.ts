/** The style of all pages. The accent color marks the primary action. */
export const css = `
:root {
	color-scheme: light dark;
	--paper: #fbfaf7; --raised: #ffffff; --ink: #1f1e1b; --soft: #5d5a52; --line: #dedad0; --accent: #1f5f4a; --on-accent: #ffffff; --alert: #9b2c1f; --wait: #7a5200;
	--gap: 16px; --radius: 6px; --pill: 999px;
}
@media (prefers-color-scheme: dark) {
	:root { --paper: #191a1a; --raised: #202222; --ink: #e9e6df; --soft: #aaa69c; --line: #37383a; --accent: #8fd0b5; --on-accent: #10201a; --alert: #f0a195; --wait: #e3bd7a; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
main { max-width: 68ch; margin: 0 auto; padding: 40px 20px 96px; }
main.wide { max-width: 112ch; padding-top: 32px; }
h1 { font-size: 28px; line-height: 1.25; font-weight: 600; margin: 0 0 8px; }
h2 { font-size: 18px; font-weight: 600; margin: 40px 0 8px; }
h3 { font-size: 16px; font-weight: 600; margin: 24px 0 4px; }
p { margin: 8px 0; max-width: 72ch; }
a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--soft); }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.soft { color: var(--soft); }
.alert { color: var(--alert); font-weight: 600; }
.said { border-left: 3px solid var(--accent); padding: 4px 0 4px 12px; margin: 0 0 24px; }
.said.bad { border-color: var(--alert); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 16px; top: 8px; background: var(--paper); padding: 8px; }

.bar { border-bottom: 1px solid var(--line); background: var(--raised); }
.bar > div { max-width: 112ch; margin: 0 auto; padding: 12px 20px; display: flex; flex-wrap: wrap; align-items: center; gap: 4px 20px; }
.bar strong { font-weight: 600; margin-right: 8px; }
.bar nav { display: flex; flex-wrap: wrap; gap: 4px 16px; }
.bar nav a { text-decoration: none; padding: 8px 0; }
.bar nav a[aria-current] { box-shadow: 0 2px 0 var(--accent); }
.bar nav a:hover { box-shadow: 0 2px 0 var(--line); }
.bar .away { margin-left: auto; }
.clock time { font-weight: 600; }
.clock form, .row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }

.scroll { overflow-x: auto; }
td code { white-space: nowrap; }
table { width: 100%; border-collapse: collapse; font-size: 15px; }
caption { text-align: left; color: var(--soft); padding-bottom: 4px; }
th { text-align: left; font-weight: 500; color: var(--soft); white-space: nowrap; }
th, td { padding: 8px 16px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: normal; }
td time, td.tight { white-space: nowrap; }
.number { text-align: right; }
th.number:last-child, td.number:last-child { padding-right: 0; }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.left { display: inline-block; width: 72px; height: 4px; margin-left: 8px; vertical-align: middle; background: var(--line); border-radius: var(--pill); }
.left > span { display: block; height: 4px; background: var(--accent); border-radius: var(--pill); }
.is-bad { color: var(--alert); }
.is-waiting { color: var(--wait); }

dl { display: grid; grid-template-columns: max-content 1fr; gap: 8px 24px; margin: 24px 0; padding: 16px 0; border: solid var(--line); border-width: 1px 0; }
dt { color: var(--soft); }
dd { margin: 0; }
.actions { display: flex; flex-wrap: wrap; gap: 12px; align-items: end; margin: 24px 0; }
.actions.middle { align-items: center; }
button, .button { font: inherit; min-height: 44px; padding: 8px 20px; border: 1px solid var(--soft); border-radius: var(--radius); background: transparent; color: inherit; cursor: pointer; text-decoration: none; display: inline-block; }
button:hover { border-color: var(--ink); }
button.next { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.small { min-height: 32px; padding: 2px 12px; font-size: 14px; border-color: var(--line); }
button.small:hover { border-color: var(--soft); }
@media (pointer: coarse) { button.small { min-height: 44px; } }
label { display: block; }
select, input:not([type=checkbox], [type=radio]), textarea { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--soft); border-radius: var(--radius); min-height: 44px; padding: 8px 12px; max-width: 100%; }
textarea { width: 100%; min-height: 160px; font: 13px/1.5 ui-monospace, monospace; }
input[type=number] { width: 12ch; }
fieldset { border: 0; border-top: 1px solid var(--line); margin: 24px 0 0; padding: 0 0 8px; }
legend { font-weight: 600; font-size: 18px; padding: 0 12px 0 0; }
.choices { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 36ch), 1fr)); gap: 4px 32px; }
.choice { display: grid; grid-template-columns: 24px 1fr; align-content: start; gap: 0 8px; padding: 8px 0; cursor: pointer; }
.choice input { width: 18px; height: 18px; margin: 4px 0 0; accent-color: var(--accent); }
.choice small { grid-column: 2; color: var(--soft); font-size: 14px; }
.scenes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 32ch), 1fr)); gap: 0 32px; }
.scenes > div { border-top: 1px solid var(--line); padding: 16px 0 24px; display: flex; flex-direction: column; align-items: flex-start; }
.scenes h3 { margin: 0; }
.scenes p { flex: 1; margin: 4px 0 12px; }
.scenes .actions { margin: 0; }
details { margin: 16px 0; }
summary { cursor: pointer; padding: 8px 0; }
td details { margin: 0; }
td summary { padding: 0; }
pre { font: inherit; white-space: pre-wrap; border-top: 1px solid var(--line); padding-top: 24px; margin: 24px 0; }
td pre { border: 0; padding: 4px 0; margin: 0; font: 13px/1.5 ui-monospace, monospace; }
@media (max-width: 700px) {
	.bar > div { flex-wrap: wrap; padding: 8px 20px; }
	.bar nav { order: 3; width: 100%; }
	.bar nav, .clock form { flex-wrap: nowrap; overflow-x: auto; white-space: nowrap; }
	.bar nav a, .clock button { flex: none; }
	.clock form { width: 100%; padding-bottom: 4px; }
	main.wide table { min-width: 600px; }
}
iframe.mail { width: 100%; height: 720px; border: 1px solid var(--line, #ccc); background: #fff; }
@media print { .bar, .actions, .no-print { display: none; } main { padding: 0; } }
`;

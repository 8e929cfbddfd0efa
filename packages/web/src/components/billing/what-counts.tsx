const counted = [
	"An answer that came to its end, also by its length or by a content filter.",
	"An answer that you stopped after it had begun.",
	"Asking again, and editing a message: each is a new request. We say so before.",
	"An answer that was finished after you closed the tab. It waits for you in full.",
];

const notCounted = [
	"An answer that failed before its first word, or in the middle. What is there stays, and you can try again.",
	"An answer that you stopped before its first word.",
	"A message that a limit refused, or that could not be read.",
	"The same message sent twice because the connection broke: it counts once.",
];

/** Who pays, in the reader's words; docs/who-pays.md says the same in those of the code. */
export function WhatCounts() {
	return (
		<section aria-labelledby="what-counts" className="mt-16 border-line border-t pt-8">
			<h2 id="what-counts" className="font-semibold text-title tracking-tight">
				What counts
			</h2>
			<div className="mt-6 grid gap-x-16 gap-y-8 md:grid-cols-2">
				<Rules title="Counted" rules={counted} />
				<Rules title="Not counted" rules={notCounted} />
			</div>
			<p className="mt-8 max-w-read text-soft">
				Failed and stopped answers are given back as often as you have requests in a period, but at most twenty times; then they count.
				Deleting a chat or an account changes no count.
			</p>
		</section>
	);
}

function Rules({ title, rules }: { title: string; rules: string[] }) {
	return (
		<div>
			<h3 className="font-semibold">{title}</h3>
			<ul className="mt-2 flex flex-col gap-2">
				{rules.map((rule) => (
					<li key={rule} className="text-soft">
						{rule}
					</li>
				))}
			</ul>
		</div>
	);
}

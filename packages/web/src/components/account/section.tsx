import { type ReactNode, useId } from "react";

/** A titled section of the account page. `anchor`: the hash that leads there. */
export function Section({ title, anchor, children }: { title: string; anchor?: string; children: ReactNode }) {
	const id = useId();
	return (
		<section id={anchor} aria-labelledby={id} className="mt-8 grid gap-x-8 gap-y-2 border-line border-t pt-6 sm:grid-cols-[8rem_1fr]">
			<h2 id={id} className="min-w-0 font-semibold wrap-anywhere">
				{title}
			</h2>
			<div className="min-w-0">{children}</div>
		</section>
	);
}

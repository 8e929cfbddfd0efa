/** What a page cannot do where scripts are off, or are blocked. Nothing where they run. */
export function NeedsScripts({ children }: { children: string }) {
	return (
		<noscript>
			<p role="note" className="border-line border-y bg-margin px-4 py-3 text-center text-small">
				{children}
			</p>
		</noscript>
	);
}

/** What the page cannot do while scripts are off or blocked. Hidden if they run. */
export function NeedsScripts({ children }: { children: string }) {
	return (
		<noscript>
			<p role="note" className="border-line border-y bg-margin px-4 py-3 text-center text-small">
				{children}
			</p>
		</noscript>
	);
}

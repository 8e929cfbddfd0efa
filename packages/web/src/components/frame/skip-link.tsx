/** Lets keyboard users skip the navigation. Visible only while it has the focus. */
export function SkipLink({ to, children }: { to: string; children: string }) {
	return (
		<a href={to} className="button-plain fixed top-2 left-2 z-10 -translate-y-16 bg-raised focus:translate-y-0">
			{children}
		</a>
	);
}

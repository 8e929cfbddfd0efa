import { useEffect } from "react";

/** iOS lays its keyboard over the page: the height that is really seen is handed to the style sheet, so that the composer stays above it. */
export function useSeenHeight(): void {
	useEffect(() => {
		const seen = window.visualViewport;
		if (!seen) return;
		const measure = () => {
			const covered = window.innerHeight - seen.height > 120 && seen.scale === 1;
			if (covered) document.documentElement.style.setProperty("--seen", `${seen.height}px`);
			else document.documentElement.style.removeProperty("--seen");
		};
		seen.addEventListener("resize", measure);
		return () => seen.removeEventListener("resize", measure);
	}, []);
}

// What an image's `srcset` says of the address that the browser chose of it.

/** An address as the browser writes it, or null for one that is none. */
export function hrefOf(address, base) {
  try {
    return new URL(address, base).href;
  } catch {
    return null;
  }
}

/**
 * The candidates of a `srcset`, split as the HTML standard says: addresses may have commas in them,
 * but none at their end, and a comma between parentheses ends no candidate.
 */
export function candidatesOf(srcset) {
  const candidates = [];
  for (let rest = srcset; ; ) {
    rest = rest.replace(/^[\t\n\f\r ,]+/, "");
    if (rest === "") return candidates;
    const [word] = /^[^\t\n\f\r ]+/.exec(rest);
    rest = rest.slice(word.length);
    const address = word.replace(/,+$/, "");
    let descriptor = "";
    if (address === word) {
      [descriptor] = /^(?:\([^)]*(?:\)|$)|[^,(])*/.exec(rest);
      rest = rest.slice(descriptor.length);
    }
    candidates.push({ address, descriptor: descriptor.trim() });
  }
}

/** Density or width that a `srcset` gives an address, or null where it does not name it. */
export function descriptorFor(srcset, href, base) {
  const found = candidatesOf(srcset).find(({ address }) => hrefOf(address, base) === href);
  return found?.descriptor ?? null;
}

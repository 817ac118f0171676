/** A set whose members may be put in several times and go when they were taken out as often. */
export class CountedSet<Member> {
  readonly #counts = new Map<Member, number>();

  has(member: Member): boolean {
    return this.#counts.has(member);
  }

  add(members: Iterable<Member>): void {
    for (const member of members) this.#counts.set(member, (this.#counts.get(member) ?? 0) + 1);
  }

  remove(members: Iterable<Member>): void {
    for (const member of members) {
      const count = this.#counts.get(member) ?? 0;
      if (count > 1) this.#counts.set(member, count - 1);
      else this.#counts.delete(member);
    }
  }

  /** Puts members in until the result is disposed. */
  hold(members: readonly Member[]): Disposable {
    this.add(members);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.remove(members);
        held = false;
      },
    };
  }
}

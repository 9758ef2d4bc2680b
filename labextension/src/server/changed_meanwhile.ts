/**
 * Ids of runs that the stream told of while questions were under way.
 *
 * An answer may have been written before such news and come after them: what it says of these runs is old.
 */
export class ChangedMeanwhile {
  private readonly questions = new Set<Set<string>>();

  /** Ask; returns the answer, and the ids that were heard of meanwhile. */
  async during<Answer>(question: Promise<Answer>): Promise<readonly [Answer, ReadonlySet<string>]> {
    const heard = new Set<string>();
    this.questions.add(heard);
    try {
      return [await question, heard];
    } finally {
      this.questions.delete(heard);
    }
  }

  /** Note that these runs were told of. */
  note(ids: Iterable<string>): void {
    for (const id of ids) for (const heard of this.questions) heard.add(id);
  }
}

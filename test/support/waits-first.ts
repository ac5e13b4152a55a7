/** The order of test files: the one that waits for a minute first, so that it is not alone at the end of a run. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

export class WaitsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const waits = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('/quiet-minute.process.test.ts')
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))]
  }
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { budgetClock, evaluationInterval } from '../../src/training/budget.ts';
import { learningRateAt, scheduleOfRun, scheduleSchema } from '../../src/training/schedule.ts';

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} instead of ${expected}`);

describe('learningRateAt', () => {
  it('falls along half a cosine to its floor', () => {
    const schedule = scheduleSchema.parse({ learningRate: 2, decay: { kind: 'cosine', floor: 0.1 } });
    near(learningRateAt(schedule, 0, 1), 2);
    near(learningRateAt(schedule, 0.5, 50), 1.1);
    near(learningRateAt(schedule, 1, 100), 0.2);
    near(learningRateAt(schedule, 1.2, 120), 0.2);
  });

  it('drops by its factor at even distances', () => {
    const schedule = scheduleSchema.parse({
      learningRate: 1,
      decay: { kind: 'steps', drops: 2, factor: 0.1 },
    });
    const rates = [0, 0.33, 0.34, 0.66, 0.67, 1].map((fraction) => learningRateAt(schedule, fraction, 9));
    [1, 1, 0.1, 0.1, 0.01, 0.01].forEach((rate, i) => near(rates[i] ?? NaN, rate));
  });

  it('of a long run is another, and grows towards it from half of its length on', () => {
    const schedule = scheduleSchema.parse({
      learningRate: 1,
      longRun: { steps: 300, learningRate: 4 },
      decay: { kind: 'constant' },
    });
    const rates = [1, 65, 150, 225, 300, 5000].map((steps) => scheduleOfRun(schedule, steps).learningRate);
    [1, 1, 1, 2, 4, 4].forEach((rate, i) => near(rates[i] ?? NaN, rate));
    near(scheduleOfRun(scheduleSchema.parse({ learningRate: 3 }), 5000).learningRate, 3);
  });

  it('of a short run warms up for a tenth of it at most', () => {
    const schedule = scheduleSchema.parse({ learningRate: 1, warmUpSteps: 50 });
    assert.deepEqual(
      [20, 5000].map((steps) => scheduleOfRun(schedule, steps).warmUpSteps),
      [2, 50],
    );
  });

  it('rises linearly over the warm-up, whatever the decay', () => {
    const schedule = scheduleSchema.parse({ learningRate: 3, warmUpSteps: 50, decay: { kind: 'constant' } });
    near(learningRateAt(schedule, 0, 1), 3 / 50);
    near(learningRateAt(schedule, 0.1, 25), 1.5);
    near(learningRateAt(schedule, 0.2, 50), 3);
    near(learningRateAt(schedule, 0.9, 500), 3);
  });
});

describe('budgetClock', () => {
  const pace = () => ({ secondsPerStep: 2, secondsPerEvaluation: 10 });

  it('counts steps and epochs alike on every machine', () => {
    const steps = budgetClock({ steps: 20 }, 4, pace);
    const epochs = budgetClock({ epochs: 5 }, 4, pace);
    for (const clock of [steps, epochs]) {
      assert.equal(clock.steps, 20);
      near(clock.fraction(5, 1e6), 0.25);
      assert.equal(clock.isSpent(19, 1e6), false);
      assert.equal(clock.isSpent(20, 0), true);
      assert.equal(clock.secondsLeft(15, 1e6), 10);
    }
  });

  it('ends in time for a last evaluation', () => {
    const clock = budgetClock({ minutes: 1 }, 4, pace);
    assert.equal(clock.steps, 25);
    near(clock.fraction(3, 25), 0.5);
    assert.equal(clock.isSpent(9, 47), false);
    assert.equal(clock.isSpent(9, 49), true);
    assert.equal(clock.isSpent(0, 49), false, 'one step is always taken');
    assert.equal(clock.secondsLeft(9, 45), 15);
  });

  it('does not count what came before the first step', () => {
    const clock = budgetClock({ minutes: 2 }, 4, () => ({ ...pace(), begunSeconds: 30 }));
    assert.equal(clock.steps, 40);
    near(clock.fraction(0, 30), 0);
    near(clock.fraction(20, 70), 0.5);
    near(clock.fraction(39, 110), 1);
    assert.equal(clock.isSpent(39, 109), true);
    clock.demandTime();
  });

  it('takes one step at no rate where setting up took all of the time, and none where judging does', () => {
    const late = budgetClock({ minutes: 1 }, 4, () => ({ ...pace(), begunSeconds: 300 }));
    late.demandTime();
    assert.equal(late.steps, 1);
    near(late.fraction(0, 300), 1);
    assert.equal(late.isSpent(1, 302), true);
    const slow = { ...pace(), secondsPerEvaluation: 30 };
    const judged = budgetClock({ minutes: 1 }, 4, () => slow);
    assert.throws(() => judged.demandTime(), /nothing is left.*--minutes.*--held-out/u);
    budgetClock({ minutes: 1, leastSteps: 24 }, 4, () => slow).demandTime();
  });

  it('allows one step where the time does not even suffice for an evaluation', () => {
    const clock = budgetClock({ minutes: 0.1 }, 4, pace);
    assert.equal(clock.steps, 1);
    assert.equal(clock.isSpent(0, 0), false);
    assert.equal(clock.isSpent(1, 0), true);
    near(clock.fraction(1, 0), 1);
  });
});

describe('budgetClock of a time and a least number of steps', () => {
  const pace = () => ({ secondsPerStep: 5, secondsPerEvaluation: 10 });

  it('is as if there were no such number where the time suffices for it', () => {
    const [free, bound] = [{ minutes: 2 }, { minutes: 2, leastSteps: 10 }].map((b) =>
      budgetClock(b, 4, pace),
    );
    assert.equal(bound?.steps, free?.steps);
    for (const [step, elapsed] of [
      [12, 80],
      [21, 106],
      [22, 111],
    ] as const) {
      assert.equal(bound?.fraction(step, elapsed), free?.fraction(step, elapsed));
      assert.equal(bound?.isSpent(step, elapsed), free?.isSpent(step, elapsed));
      assert.equal(bound?.secondsLeft(step, elapsed), free?.secondsLeft(step, elapsed));
    }
  });

  it('goes on beyond its time until so many steps are taken', () => {
    const clock = budgetClock({ minutes: 1, leastSteps: 24 }, 4, pace);
    assert.equal(clock.steps, 24);
    near(clock.fraction(12, 60), 0.5);
    assert.equal(clock.secondsLeft(12, 60), 70, 'twelve steps and an evaluation');
    assert.equal(clock.isSpent(23, 115), false);
    assert.equal(clock.isSpent(24, 120), true);
  });

  it('gives its steps the rates of as many at the end of a longer run, however late they began', () => {
    const clock = budgetClock({ minutes: 1, leastSteps: 24 }, 4, () => ({ ...pace(), begunSeconds: 70 }));
    assert.equal(clock.steps, 16);
    near(clock.fraction(0, 70), 1 / 3);
    near(clock.fraction(10, 120), 2 / 3);
    near(clock.fraction(20, 170), 1);
  });

  it('ends at thrice its time, however few were taken', () => {
    const clock = budgetClock({ minutes: 1, leastSteps: 100 }, 4, pace);
    assert.equal(clock.steps, 30);
    near(clock.fraction(17, 85), 0.5);
    assert.equal(clock.secondsLeft(30, 150), 30);
    assert.equal(clock.isSpent(32, 164), false);
    assert.equal(clock.isSpent(33, 166), true);
    near(clock.fraction(34, 170), 1);
  });

  it('has no share that is not a number where an evaluation takes all of it', () => {
    const clock = budgetClock({ minutes: 0.1, leastSteps: 2 }, 4, () => ({
      secondsPerStep: 1,
      secondsPerEvaluation: 18,
    }));
    near(clock.fraction(1, 0), 1);
    assert.equal(clock.isSpent(1, 0), true);
  });
});

describe('evaluationInterval', () => {
  it('is an epoch in short runs and whole epochs in long ones', () => {
    assert.equal(evaluationInterval(null, 4, { steps: 80 }, undefined), 4);
    assert.equal(evaluationInterval(null, 4, { steps: 4000 }, undefined), 100);
    assert.equal(evaluationInterval(7, 4, { steps: 4000 }, undefined), 7);
  });

  it('keeps evaluations to a tenth of a run limited in time', () => {
    const timed = { secondsPerStep: 1, secondsPerEvaluation: 30 };
    assert.equal(evaluationInterval(null, 4, { steps: 900 }, timed), 300);
  });
});

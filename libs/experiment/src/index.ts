export { type ArmShares, drawArm } from './assign/draw-arm.ts';
export { type Unit, unitKey, UNITS } from './assign/unit-key.ts';

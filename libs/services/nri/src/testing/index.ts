export { TestPlugin, type TestPluginHandlers } from './test-plugin.ts';
export { sampleContainer, samplePod } from './samples.ts';

import { existsSync, readdirSync } from 'node:fs';

/** The software Vulkan driver that comes with Debian's Chromium. It checks numbers, never speed. */
const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const LIBRARY_FOLDERS = ['/usr/lib', '/lib', '/usr/local/lib'];

function hasVulkanLoader(): boolean {
  return LIBRARY_FOLDERS.filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...readdirSync(folder).map((name) => `${folder}/${name}`)])
    .some((folder) => existsSync(`${folder}/libvulkan.so.1`));
}

/**
 * Points Vulkan at the software driver, for tests of WebGPU in Node. Call it before the first WebGPU session.
 * @returns false when it is there, else why the test must be skipped
 */
export function useSoftwareGpu(): string | false {
  if (!existsSync(DRIVER)) return `no software GPU: ${DRIVER} is missing (on Debian: apt install chromium)`;
  if (!hasVulkanLoader()) return 'no Vulkan loader (on Debian: apt install libvulkan1)';
  process.env.VK_ICD_FILENAMES = DRIVER;
  return false;
}

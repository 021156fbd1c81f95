/** Whether this is the packaged executable. The packager defines the name; from sources it does not exist. */
declare const RAZOR_MK_EXECUTABLE: boolean | undefined;

export const EXECUTABLE: boolean = typeof RAZOR_MK_EXECUTABLE !== 'undefined' && RAZOR_MK_EXECUTABLE;

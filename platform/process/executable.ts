/** Whether this is the packaged executable. The packager defines the name; from sources it does not exist. */
declare const RAZOR_MK_EXECUTABLE: boolean | undefined;
declare const RAZOR_MK_WITH_LAB: boolean | undefined;

export const EXECUTABLE: boolean = typeof RAZOR_MK_EXECUTABLE !== 'undefined' && RAZOR_MK_EXECUTABLE;

/** Whether the lab is part of this program: of a clone, and of the executable that is packaged with it. */
export const WITH_LAB: boolean = !EXECUTABLE || (typeof RAZOR_MK_WITH_LAB !== 'undefined' && RAZOR_MK_WITH_LAB);

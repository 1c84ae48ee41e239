/** As the variant `mouse` in styles.css: a wide screen whose first pointer can hover over things. */
export const isForMouse = () => matchMedia('(width >= 48rem) and (hover: hover)').matches

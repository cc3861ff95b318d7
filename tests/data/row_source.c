/* A row's source has to be a literal that says something: CMakeLists.txt
 * compiles this with one, and wants it refused with an empty one, with none,
 * and with what is no literal. */
#include "catalogue.h"

#define ROW(text, source)                                                      \
	{                                                                      \
		"secured", VP_NOTE_HINT, text, VP_SOURCE(source)               \
	}

/* GIVEN is expanded before ROW counts its arguments. */
#define EXPANDED(...) ROW(__VA_ARGS__)

#if defined(ROW_SOURCE_given)
#define GIVEN , "A1"
#elif defined(ROW_SOURCE_empty)
#define GIVEN , ""
#elif defined(ROW_SOURCE_variable)
#define GIVEN , variable
#else
#define GIVEN
#endif

extern const char *const variable;
const char *const variable = "A1";
extern const struct vp_catalogue_note row;
const struct vp_catalogue_note row = EXPANDED("text" GIVEN);

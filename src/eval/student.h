/* Student's t distribution; only src/eval includes this. */
#ifndef WEFT_EVAL_STUDENT_H
#define WEFT_EVAL_STUDENT_H

/* The chance of |t| or more with so many degrees of freedom, above 0, whole or not. */
double weft__student_two_sided(double t, double freedom);

/* The t that 97.5 % lie below. */
double weft__student_quantile975(double freedom);

#endif

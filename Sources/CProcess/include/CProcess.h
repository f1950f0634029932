int cprocess_placeholder(void);

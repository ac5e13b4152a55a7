@SETLOCAL
@"%~dp0\..\node_modules\binary\tool.exe"   %*

@SETLOCAL
@IF EXIST "%~dp0\node.exe" (
  "%~dp0\node.exe"  --no-warnings --max-old-space-size=4096 "%~dp0\..\node_modules\flagged\cli.js" %*
) ELSE (
  @SET PATHEXT=%PATHEXT:;.JS;=;%
  node  --no-warnings --max-old-space-size=4096 "%~dp0\..\node_modules\flagged\cli.js" %*
)
